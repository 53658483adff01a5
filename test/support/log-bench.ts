import { setImmediate } from "node:timers/promises";
import { AccessLog } from "../../src/gateway/telemetry/access-log.ts";
import { StreamRegistry } from "../../src/gateway/telemetry/stream-registry.ts";
import { requestOutcome } from "./request-outcome.ts";

// What a line of the log costs, in CPU time of the whole process: `node test/support/log-bench.ts | cat > /dev/null`, or
// into a file. The lines go to the standard output, the table to the other one.

const Count = 100_000;
/** As many as a busy gateway has in one turn of its loop. */
const PerTurn = 20;

/** Microseconds of CPU time that one `work` takes, the writes of its lines among them. */
async function microsecondsOf(work: () => void): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < Count; i++) {
    work();
    if (i % PerTurn === 0) await setImmediate();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Count;
}

async function measure(format: "json" | "text" | "off"): Promise<string> {
  const streams = new StreamRegistry();
  const log = format === "off" ? undefined : new AccessLog({ format, output: process.stdout });
  if (log !== undefined) streams.observe(log);
  const facts = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 } as const;
  const stream = () => streams.open(facts).close({ initiator: "client", code: 1000, cause: "close-frame" });
  const request = () => log?.request(requestOutcome());
  const figures = [format.padEnd(6)];
  for (const work of [stream, request]) {
    // The first round is for the compiler.
    await microsecondsOf(work);
    figures.push((await microsecondsOf(work)).toFixed(2).padStart(8));
  }
  await log?.close();
  return `${figures.join("  ")}   ${log?.droppedLines ?? 0} lines dropped`;
}

process.stderr.write("log     µs/stream  µs/request\n");
for (const format of ["off", "text", "json"] as const) process.stderr.write(`${await measure(format)}\n`);
