import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { latin1 } from "../support/byte-pieces.ts";
import { runCampaign } from "./campaign.ts";
import { readInputs } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import type { FuzzSubject, FuzzTarget } from "./fuzz-target.ts";

const coverage = new Coverage();

function planted(run: FuzzSubject["run"], stop?: FuzzSubject["stop"]): FuzzTarget {
  const subject = stop ? { run, stop } : { run };
  return { name: "planted", pieces: [latin1("ab"), latin1("cd")], start: () => subject };
}

const text = (input: Uint8Array): string => Buffer.from(input).toString("latin1");

/** Breaks where `word` begins the input, and tells how much of it does: so each right byte is news. */
function guessing(word: string): FuzzSubject["run"] {
  return (input) => {
    const right = Array.from(word).findIndex((letter, at) => text(input)[at] !== letter);
    if (right < 0) throw new Error("found");
    return `${right} right`;
  };
}

describe("a campaign", () => {
  test("finds what only news lead to, and says with what input", async () => {
    const { fault, kept } = await runCampaign(planted(guessing("cdabab")), {
      corpus: [],
      seconds: 20,
      seed: 1,
      coverage,
    });
    expect(text(fault!.input)).toMatch(/^cdabab/);
    expect(fault!.error).toEqual(new Error("found"));
    expect(kept).toHaveLength(4);
  });

  test("runs the corpus first, even with no time for more, shortest first", async () => {
    const seen: string[] = [];
    const target = planted((input) => {
      seen.push(text(input));
      return "";
    });
    const { runs } = await runCampaign(target, {
      corpus: [latin1("long one"), latin1("x")],
      seconds: 0,
      seed: 1,
      coverage,
    });
    expect(seen).toEqual(["", "x", "ab", "cd", "long one", ""]);
    expect(runs).toBe(6);
  });

  test("with the same seed runs the same inputs", async () => {
    const inputs = async (seed: number): Promise<string[]> => {
      const seen: string[] = [];
      const target = planted((input) => {
        if (seen.push(text(input)) === 200) throw new Error("enough");
        return String(input.length % 5);
      });
      await runCampaign(target, { corpus: [], seconds: 20, seed, coverage });
      return seen;
    };
    const first = await inputs(7);
    expect(await inputs(7)).toEqual(first);
    expect(await inputs(8)).not.toEqual(first);
  });

  test.each([
    { name: "throws", run: (): string => unreachable("thrown") },
    { name: "rejects", run: async () => Promise.reject(new Error("thrown")) },
    {
      name: "rejects where nobody waits",
      run: async () => {
        void Promise.reject(new Error("thrown"));
        await new Promise((resolve) => setImmediate(resolve));
        return "";
      },
    },
  ])("ends where the target $name, and stops it", async ({ run }) => {
    let stops = 0;
    const target = planted(run, async () => void stops++);
    const { fault, runs } = await runCampaign(target, { corpus: [], seconds: 20, seed: 1, coverage });
    expect(fault?.error).toEqual(new Error("thrown"));
    expect([runs, stops]).toEqual([1, 1]);
  });
});

test("a run that never comes back ends the process, its input written down", async () => {
  const folder = join(import.meta.dirname, "..", "..");
  const code = `
    import { Watchdog } from "./test/fuzz/watchdog.ts";
    new Watchdog("planted", { limitMs: 200, maxBytes: 10 }).begin(Uint8Array.of(1, 2, 3));
    for (;;);
  `;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: folder,
    timeout: 9_000,
  });
  const { stderr } = (await run.catch((error: unknown) => error)) as { stderr: string };
  const [, file = ""] = /--replay (.*)/.exec(stderr) ?? [];
  expect(await readInputs(file)).toEqual([Uint8Array.of(1, 2, 3)]);
  await rm(file);
});

function unreachable(message: string): never {
  throw new Error(message);
}
