import { describe, expect, test } from "vitest";
import { runCampaign } from "./campaign.ts";
import { Coverage } from "./coverage.ts";
import { readCorpus, writeFault } from "./corpus.ts";
import { FuzzTargets } from "./targets.ts";

/** Of `npm test` altogether; `npm run fuzz` takes as long as it is told. */
const Seconds = 60;

const coverage = new Coverage();

describe("nothing of the corpus, nor anything like it, breaks", () => {
  test.each(FuzzTargets)("$name", async (target) => {
    const corpus = await readCorpus(target.name);
    const seed = Date.now() % 1_000_000;
    const seconds = Seconds / FuzzTargets.length;
    const { fault, runs } = await runCampaign(target, { corpus, seconds, seed, coverage });
    const file = fault && (await writeFault(target.name, fault.input));
    expect(fault?.error, `seed ${seed}; to repeat it: node test/fuzz/run.ts ${target.name} --replay ${file}`).toBe(
      undefined,
    );
    expect(runs).toBeGreaterThan(corpus.length + target.pieces.length);
  });
});

test("every target has a corpus", async () => {
  const sizes = await Promise.all(FuzzTargets.map(async ({ name }) => (await readCorpus(name)).length));
  expect(Math.min(...sizes)).toBeGreaterThan(0);
});
