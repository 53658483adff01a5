// `npm run soak -- [--minutes N] [--streams N] [--engine node|hawser] [--write]`
//
// Opens and ends as many WebSockets as a busy hour has (50 a second) within N minutes, half of them on each HTTP/2 engine, and
// looks whether the gateway's process has grown. `--write` puts the result beside this file, by date. The exit code is 1 where
// something grew or went wrong.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import { memoryOf } from "../support/process-memory.ts";
import { soak, type SoakProgress } from "./soak.ts";
import { soakFaults, soakPage, type SoakResult } from "./soak-report.ts";

const StreamsOfHour = 180_000;
/** What code is compiled and cached for is done then. */
const WarmUpStreams = 5_000;
const ProgressEveryMs = 10_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      streams: { type: "string", default: String(StreamsOfHour) },
      engine: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const engines = H2EngineNames.filter((name) => values.engine === undefined || values.engine === name);
  const [minutes, streams] = [Number(values.minutes), Number(values.streams)];
  if (engines.length === 0 || !(minutes > 0) || !(streams > 0)) {
    console.error(`--minutes and --streams are numbers above 0; --engine is ${H2EngineNames.join(" or ")}.`);
    return 2;
  }
  const results: SoakResult[] = [];
  for (const engine of engines) {
    const amount = { engine, streams: streams / engines.length, seconds: (minutes * 60) / engines.length };
    results.push(await soak({ ...amount, warmUpStreams: WarmUpStreams }, showProgress));
  }
  const page = soakPage(results, {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? "an unknown kind"}`,
    command: `npm run soak -- --minutes ${minutes} --streams ${streams}`,
  });
  console.log(`\n${page}`);
  if (values.write) await writeFile(new URL(`soak-${new Date().toISOString().slice(0, 10)}.md`, import.meta.url), page);
  return results.some((result) => soakFaults(result).length > 0) ? 1 : 0;
}

/** Says every 10 s how far it is. Returns what ends that. */
function showProgress({ amount: { engine, streams }, counts, pid }: SoakProgress): () => void {
  const startedAt = performance.now();
  const show = async (): Promise<void> => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const { residentBytes } = await memoryOf(pid);
    const failures = Array.from(counts.failures.values()).reduce((sum, times) => sum + times, 0);
    console.log(
      `${engine}: ${seconds} s, ${counts.streams} of ${streams} WebSockets, ${counts.pages} pages, ` +
        `RSS ${(residentBytes / 1_048_576).toFixed(0)} MiB, ${failures} failures`,
    );
  };
  const timer = setInterval(() => void show().catch(() => undefined), ProgressEveryMs);
  return () => clearInterval(timer);
}
