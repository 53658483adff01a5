import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { WorkerProcess } from "../../../src/gateway/lifecycle/worker-process.ts";
import { SharedPort } from "../../../src/transport/shared-port.ts";

/** A worker to which the connections 2 to `upTo` do not come, as where no file descriptor is left. */
const losing = (upTo: number) => `
process.on("disconnect", () => process.exit());
process.on("message", ({ kind, number }, socket) => {
  if (kind === "order") return process.send({ kind: "answer", number, answer: { type: "done" } });
  if (number === 1 || number > ${upTo}) process.send({ kind: "load", last: number, open: 0 });
  socket?.destroy();
});
`;

/** One that loses some, and `hand`, which hands so many connections to it. */
async function start(upTo: number) {
  const folder = await mkdtemp(join(tmpdir(), "hawser-worker-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "worker.mjs"), losing(upTo));
  const lost = vi.fn<(connections: number) => void>();
  const ignore = () => undefined;
  const worker = new WorkerProcess([join(folder, "worker.mjs")], {
    hasRoom: ignore,
    lost,
    lines: ignore,
    ended: ignore,
  });
  let onHanded: () => void = ignore;
  const port = new SharedPort((socket) => {
    worker.hand(1, socket);
    onHanded();
  }, ignore);
  const { port: number } = await port.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => {
    port.close();
    worker.kill();
  });
  const hand = async (count: number) => {
    for (let made = 0; made < count; made += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onHanded = resolve;
      const client = connect({ port: number, host: "127.0.0.1" }).on("error", ignore);
      onTestFinished(() => void client.destroy());
      await promise;
    }
  };
  return { worker, lost, hand };
}

test("connections that do not come to a worker are not on the way for ever", async () => {
  const { worker, lost, hand } = await start(4);
  await hand(3);
  expect(await worker.ask({ type: "count" }, 5_000)).toEqual({ type: "done" });
  expect(worker.connections).toBe(0);
  expect(lost.mock.calls).toEqual([[2]]);
  // One behind them that comes says as much.
  await hand(2);
  await vi.waitFor(() => expect(worker.connections).toBe(0));
});

test("a worker to which nothing comes gets no more until it has said so", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { worker, lost, hand } = await start(1_000);
  await hand(129);
  expect(worker.hasRoom).toBe(false);
  await vi.waitFor(() => expect(worker.connections).toBe(0), 5_000);
  expect(worker.hasRoom).toBe(true);
  expect(lost.mock.calls.reduce((sum, [connections]) => sum + connections, 0)).toBe(128);
});

test("a worker that is stuck gets no more until it is not", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { worker, hand } = await start(1);
  await hand(1);
  await vi.waitFor(() => expect(worker.connections).toBe(0));
  process.kill(worker.pid, "SIGSTOP");
  await hand(2);
  expect(worker.hasRoom).toBe(true);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(worker.hasRoom).toBe(false);
  process.kill(worker.pid, "SIGCONT");
  await vi.waitFor(() => expect([worker.connections, worker.hasRoom]).toEqual([0, true]));
});
