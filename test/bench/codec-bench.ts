// What the codec costs, in CPU, beside the receiver and the sender of `ws`: `npm run bench:codec`, better behind
// `taskset -c 1`. With `--write` the table goes to a dated file here; `--only decode,encode`, `--size 125`, `--processes 9`,
// `--rounds 9` and `--ms 200` are for a closer look.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { Bench } from "tinybench";
import { type Row, rowOf, Sizes, Tasks } from "./codec-rows.ts";
import { Agreed, Tally } from "./codec-work.ts";
import { wsOf } from "./codec-ws.ts";

const { values: options } = parseArgs({
  options: {
    /** How many are started for each row, one after the other. */
    processes: { type: "string", default: "3" },
    /** In each of them. */
    rounds: { type: "string", default: "3" },
    ms: { type: "string", default: "80" },
    only: { type: "string", default: Object.keys(Tasks).join() },
    write: { type: "boolean", default: false },
    size: { type: "string", default: Sizes.join() },
    /** Measures one row and prints it in JSON: what each row's processes are told. */
    task: { type: "string" },
  },
});

/** Nanoseconds of CPU per message, one for each round. */
interface Costs {
  readonly hawser: number[];
  readonly ws: number[];
}

/** Of the whole process: what others do on this machine costs nothing, what zlib does in a thread of the pool does. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Both sides in turn, each first in every other round. */
async function costsOf(row: Row): Promise<Costs> {
  const costs: Costs = { hawser: [], ws: [] };
  for (const name of ["hawser", "ws"] as const) await check(row, name);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of round % 2 === 0 ? (["hawser", "ws"] as const) : (["ws", "hawser"] as const)) {
      costs[name].push(await costOf(row, name, round));
    }
  }
  return costs;
}

async function check(row: Row, name: "hawser" | "ws"): Promise<void> {
  const tally = new Tally("keeps");
  row[name].prepare?.();
  await row[name].run(tally);
  if (!row.isDone(tally)) throw new Error(`${name} has not done its work`);
}

async function costOf(row: Row, name: "hawser" | "ws", round: number): Promise<number> {
  const side = row[name];
  const tally = new Tally("counts");
  const bench = new Bench({ now: cpuMs, time: Number(options.ms), iterations: 3, warmup: round === 0, throws: true });
  bench.add(name, () => side.run(tally), { beforeEach: () => side.prepare?.(), async: side.isAsync ?? false });
  const [task] = await bench.run();
  if (task?.result.state !== "completed") throw new Error(`${name} did not come to its end`);
  return (task.result.latency.mean * 1e6) / row.messages;
}

/**
 * In processes of its own, so that no row pays for the garbage and the types of another. More than one, since what V8 inlines
 * and where memory lies differs between them by more than it does between the rounds of one.
 */
async function measured(task: string, size: number): Promise<Costs> {
  const args = ["--task", task, "--size", String(size), "--rounds", options.rounds, "--ms", options.ms];
  const all: Costs = { hawser: [], ws: [] };
  for (let count = 0; count < Number(options.processes); count++) {
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, ...args]);
    const { hawser, ws } = JSON.parse(stdout) as Costs;
    all.hawser.push(...hawser);
    all.ws.push(...ws);
  }
  return all;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

/** A line of the table: medians, and the ratio in each round from the lowest to the highest. */
function lineOf(task: string, size: number, { hawser, ws }: Costs): string {
  const ratios = hawser.map((cost, round) => cost / (ws[round] ?? NaN));
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const verdict = high < 1 ? "ahead" : low <= 1 ? "level" : "behind";
  const spread = `${median(ratios).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  return `| ${[task, size, median(hawser).toFixed(0), median(ws).toFixed(0), spread, verdict].join(" | ")} |`;
}

async function main(): Promise<void> {
  if (options.task !== undefined) {
    console.log(JSON.stringify(await costsOf(rowOf(options.task, Number(options.size)))));
    return;
  }
  const { level, memLevel, windowBits } = Agreed;
  const lines = [
    `Node ${process.version}, ${cpus()[0]?.model.trim()}; ${wsOf()}; ${options.processes} processes of ${options.rounds} rounds of ${options.ms} ms.`,
    `permessage-deflate: level ${level}, memLevel ${memLevel}, 2^${windowBits} bytes of window, taken over.`,
    "",
    "| task | payload, bytes | hawser, ns of CPU | ws, ns of CPU | hawser ÷ ws (lowest–highest) | hawser is |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  console.log(lines.join("\n"));
  for (const task of options.only.split(",")) {
    for (const size of options.size.split(",").map(Number)) {
      const line = lineOf(task, size, await measured(task, size));
      console.log(line);
      lines.push(line);
    }
  }
  if (!options.write) return;
  const today = new Date().toISOString().slice(0, 10);
  const title = `# The codec beside that of ws, ${today}`;
  await writeFile(join(import.meta.dirname, `codec-${today}.md`), `${[title, "", ...lines].join("\n")}\n`);
}

await main();
