// `npm run fuzz -- [target …] [--seconds N] [--seed N] [--keep] [--replay FILE]`
//
// Feeds each target its corpus and mutations of it, N seconds each, until one breaks: then its input is written down, and how
// to run it again is said. `--keep` adds to the corpus what went where nothing went before. A reproducer becomes part of the
// corpus once its fault is mended: append its line to test/fuzz/corpus/TARGET.hex.

import { parseArgs } from "node:util";
import { runCampaign, type CampaignResult } from "./campaign.ts";
import { Coverage } from "./coverage.ts";
import { readCorpus, readInputs, writeCorpus, writeFault } from "./corpus.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { FuzzTargets } from "./targets.ts";

const coverage = new Coverage();
process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      keep: { type: "boolean", default: false },
      replay: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !FuzzTargets.some((target) => target.name === name));
  if (unknown.length > 0) {
    console.error(`No target ${unknown.join(", ")}. There are: ${FuzzTargets.map(({ name }) => name).join(", ")}.`);
    return 2;
  }
  const chosen = FuzzTargets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const seconds = values.replay === undefined ? Number(values.seconds) : 0;
  let faults = 0;
  for (const target of chosen) {
    const corpus = await (values.replay === undefined ? readCorpus(target.name) : readInputs(values.replay));
    const result = await runCampaign(target, { corpus, seconds, seed: Number(values.seed), coverage });
    console.log(`${target.name}: ${result.runs} runs, ${result.kept.length} inputs worth keeping`);
    if (result.fault) faults += 1;
    await report(target, result, values.seed);
    if (values.keep && !result.fault) await writeCorpus(target.name, await thinned(target, result));
  }
  return faults > 0 ? 1 : 0;
}

async function report(target: FuzzTarget, { fault }: CampaignResult, seed: string): Promise<void> {
  if (!fault) return;
  const file = await writeFault(target.name, fault.input);
  console.error(`\n${target.name} broke, with seed ${seed}:`, fault.error);
  console.error(`To repeat it: node test/fuzz/run.ts ${target.name} --replay ${file}\n`);
}

/** What of the kept inputs is news when the short ones come first. */
async function thinned(target: FuzzTarget, { kept }: CampaignResult): Promise<readonly Uint8Array[]> {
  const again = await runCampaign(target, { corpus: kept, seconds: 0, seed: 0, coverage });
  return again.kept;
}
