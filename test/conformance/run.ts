// All of Autobahn's cases in all combinations: `npm run conformance`. Takes half an hour. The result is written to results/;
// the exit code is 1 where a case failed.

import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { Combinations } from "./autobahn/combinations.ts";
import { type CombinationResult, Groups, resultPage, summaryOf, verdictsOn } from "./autobahn/result.ts";
import type { Verdict } from "./autobahn/run-case.ts";

/** A tester and the end under test share a process: two combinations keep two cores at work. */
const AtOnce = 2;

/** Runs a combination in a process of its own, and prints each group when it is through. */
async function runCombination(name: string): Promise<CombinationResult> {
  const child = fork(new URL("./autobahn/combination-process.ts", import.meta.url), [name]);
  const verdicts: Verdict[] = [];
  const open = new Map(Groups);
  child.on("message", (verdict: Verdict) => {
    verdicts.push(verdict);
    if (verdict.fault !== undefined) console.log(`${name}: ${verdict.number} failed: ${verdict.fault}`);
    for (const [group, cases] of open) {
      const through = verdictsOn(group, verdicts);
      if (through.length < cases.length) continue;
      open.delete(group);
      console.log(`${name}: group ${group}: ${summaryOf(through)}`);
    }
  });
  await once(child, "exit");
  if (open.size > 0) throw new Error(`${name} ended before its cases did`);
  return { name, verdicts };
}

async function main(): Promise<void> {
  const names = Combinations.map(({ name }) => name);
  const results: CombinationResult[] = [];
  const runNext = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) results.push(await runCombination(name));
  };
  await Promise.all(Array.from({ length: AtOnce }, runNext));
  const sorted = Combinations.flatMap(({ name }) => results.filter((result) => result.name === name));
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? "an unknown kind"}`;
  const folder = new URL("./results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(
    new URL(`conformance-${date}.md`, folder),
    resultPage(sorted, { date, node: process.version, machine }),
  );
  const failed = sorted.flatMap(({ verdicts }) => verdicts).filter(({ fault }) => fault !== undefined).length;
  console.log(failed === 0 ? "all passed" : `${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main();
