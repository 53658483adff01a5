import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Config } from "../../../src/gateway/config/config.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { WorkerPool } from "../../../src/gateway/lifecycle/worker-pool.ts";
import { WorkerSeat } from "../../../src/gateway/lifecycle/worker-seat.ts";
import { AccessLog } from "../../../src/gateway/telemetry/access-log.ts";
import { configFolder } from "../../support/config-folder.ts";
import { RecordingOutput } from "../../support/recording-output.ts";

// The process above workers, with workers that only say what a test wants them to say, and die when it wants.

/**
 * Answers as a worker does. In `worker` is its number; one that has gone by `leave` is really gone, and the process above
 * knows it, when `left` calls back in another.
 */
const Answering = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
let worker = 0;
let prepared = false;
const file = process.argv[2];
const leave = () => setTimeout(() => {
  writeFileSync(file, String(process.pid));
  process.exit(7);
}, 50);
const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const left = (then) => {
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (pid > 0 && !isAlive(pid)) then();
  else setTimeout(left, 20, then);
};
const answer = (number, type, reason) => process.send({ kind: "answer", number, answer: { type, reason } });
process.on("disconnect", () => process.exit());
process.on("message", ({ kind, number, order }) => {
  if (kind !== "order") return;
  if (order.type === "start") worker = order.assignment.worker;
  if (order.type === "prepare") prepared = true;
  if (order.type === "commit" && !prepared) return answer(number, "refused", "nothing was prepared");
  if (order.type === "commit") console.log("worker " + worker + " has committed");
  const act = on[order.type] ?? ((done) => done());
  act(() => answer(number, "done"));
});
`;

async function configOf(closeMs: number): Promise<Config> {
  const text = JSON.stringify({
    workers: 2,
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    routes: [{ name: "echo", path: "/echo", handler: "echo" }],
    deadlines: { closeMs },
  });
  return await loadConfig(join(await configFolder({ "g.yaml": text }), "g.yaml"));
}

/** A pool of two whose program does `on`, the text of an object, at orders. */
async function poolOf(on: string) {
  const folder = await mkdtemp(join(tmpdir(), "hawser-pool-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, "worker.mjs");
  await writeFile(program, `${Answering}\nconst on = ${on};`);
  const output = new RecordingOutput();
  const pool = new WorkerPool(await configOf(100), {
    log: new AccessLog({ format: "text", output }),
    version: "test",
    program: [program, join(folder, "left")],
    logForm: { format: "text", colour: false },
  });
  onTestFinished(() => pool.destroy());
  const start = () => pool.start(() => Promise.resolve());
  const said = (what: RegExp) => vi.waitFor(() => expect(output.text).toMatch(what), 8_000);
  return { pool, start, said };
}

test("a worker that ends while the others still start keeps all from starting", async () => {
  const { start } = await poolOf(`{
    start: (done) => worker === 1 ? (done(), leave()) : left(done),
  }`);
  await expect(start()).rejects.toThrow(/^worker 1: it ended before all were ready$/);
});

test("a worker that takes the place of one that had prepared a change makes it, too", async () => {
  const { pool, start, said } = await poolOf(`{
    prepare: (done) => worker === 1 ? (done(), leave()) : left(done),
  }`);
  await start();
  const change = pool.prepare(await configOf(200));
  await said(/worker 1 ended \(exit code 7\)[^]*worker 1 serves/);
  expect(await (await change).commit()).toEqual(["worker 1: ended", "worker 2: taken over"]);
  await said(/worker 1 has committed/);
});

test("a worker that the system does not start is one that ended", async () => {
  const ended = vi.fn<(how: string, lost: number) => void>();
  const seat = new WorkerSeat(1, 2);
  const assignment = {
    worker: 1,
    idsBehind: 0,
    ticketSecret: new Uint8Array(32),
    version: "test",
    log: { format: "text", colour: false },
  } as const;
  const config = await configOf(100);
  const start = { assignment, inForce: () => ({ config, ports: [] }) };
  const observer = { hasRoom: () => undefined, lost: () => undefined, lines: () => undefined, ended };
  const startedBy = (program: readonly [string]) => seat.fill(program, start, observer);
  // No system takes a path with a zero byte in it.
  const reason = await startedBy(["\0"]);
  expect(reason).toMatch(/null bytes/);
  expect(ended.mock.calls).toEqual([[reason, 0]]);
});
