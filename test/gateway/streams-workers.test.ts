import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WorkerArgument } from "../../src/cli/worker-argument.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { WorkerPool } from "../../src/gateway/lifecycle/worker-pool.ts";
import type { FrameView, GatewayEvent, StreamView } from "../../src/gateway/telemetry/stream-view.ts";
import { AllStreams } from "../support/all-streams.ts";
import { configFolder } from "../support/config-folder.ts";
import { connectClient } from "../support/gateway-under-test.ts";
import { eventsOf, recordingLog } from "../support/recording-log.ts";
import { withTestedEngine } from "../support/tested-engine.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

// Live streams of two worker processes, seen from the process above them.

const Main = join(import.meta.dirname, "../../src/cli/main.ts");

async function start() {
  const config = {
    workers: 2,
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    admin: { address: "127.0.0.1:0" },
    routes: [{ name: "echo", path: "/echo", handler: "echo" }],
    deadlines: { closeMs: 300 },
    reload: { watch: false },
  };
  const folder = await configFolder({ "hawser.yaml": JSON.stringify(withTestedEngine(config)) });
  const load = () => loadConfig(join(folder, "hawser.yaml"));
  const lines: string[] = [];
  const options = { log: recordingLog(lines, { format: "json" }), version: "test" };
  const service = new WorkerPool(await load(), {
    ...options,
    program: [Main, WorkerArgument],
    logForm: { format: "json", colour: false },
  });
  const gateway = new Gateway(await load(), { ...options, service, load, readSinceMs: Date.now() });
  onTestFinished(() => {
    gateway.abort();
    return gateway.stop();
  });
  await gateway.start();
  const port = service.addressOf("main")?.port ?? 0;
  const open = async (version: "1.1" | "2") => {
    const client = await WebSocketClient.open(await connectClient(port, version), { path: "/echo" });
    client.text("hello");
    expect(await client.next()).toBe("Text hello");
    return client;
  };
  /** Of the workers that have come to serve, in that order. */
  const pids = () => eventsOf(lines).flatMap(({ worker, pid }) => (typeof pid === "number" ? [{ worker, pid }] : []));
  return { streams: gateway.streams, open, pids };
}

/** Opens four, two on each HTTP version: each worker has two then. */
async function startWithFour() {
  const gateway = await start();
  const clients: WebSocketClient[] = [];
  for (const version of ["1.1", "2", "1.1", "2"] as const) clients.push(await gateway.open(version));
  return { ...gateway, clients };
}

const idsOf = (streams: readonly StreamView[]): number[] => streams.map(({ id }) => id);

describe("with two workers", { timeout: 30_000 }, () => {
  test("the streams of both are listed as one, page by page, and found by their ids", async () => {
    const { streams } = await startWithFour();
    const page = await streams.list(AllStreams);
    expect(page).toMatchObject({ matching: 4, open: 4, silentWorkers: [] });
    expect(page.streams.map(({ worker }) => String(worker)).toSorted()).toEqual(["1", "1", "2", "2"]);
    expect(page.streams.map(({ protocol }) => protocol).toSorted()).toEqual(["h1", "h1", "h2", "h2"]);
    const ids = idsOf(page.streams);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(4);

    const second = await streams.list({ ...AllStreams, offset: 1, limit: 2 });
    expect(idsOf(second.streams)).toEqual(ids.slice(1, 3));
    const last = await streams.list({ ...AllStreams, ascending: false, limit: 1 });
    expect(idsOf(last.streams)).toEqual(ids.slice(3));
    expect((await streams.list({ ...AllStreams, protocol: "h2" })).matching).toBe(2);
    for (const id of ids) expect(await streams.find(id)).toMatchObject({ id, route: "echo" });
    expect(await streams.find(7)).toBeUndefined();

    const each: number[] = [];
    for await (const some of streams.each({ ...AllStreams, limit: 1 })) each.push(...idsOf(some));
    expect(each).toEqual(ids);
  });

  test("a stream of either is closed, and what happens is told", async () => {
    const { streams, clients } = await startWithFour();
    const told: GatewayEvent[] = [];
    onTestFinished(streams.events((event) => void told.push(event)));
    const page = await streams.list(AllStreams);
    for (const id of idsOf(page.streams)) expect(await streams.close(id, 4_321)).toBe(true);
    for (const client of clients) {
      expect(await client.next()).toBe("Close 4321");
      client.close(4_321);
    }
    await vi.waitFor(() => expect(told).toHaveLength(4), 3_000);
    expect(told.map((event) => (event.type === "closed" ? event.id : 0)).toSorted((a, b) => a - b)).toEqual(
      idsOf(page.streams),
    );
    expect(told.every((event) => event.type === "closed" && event.cause === "operator")).toBe(true);
    expect(await streams.close(page.streams[0]?.id ?? 0, 4_321)).toBe(false);
    expect(await streams.overview()).toMatchObject({
      workers: 2,
      silentWorkers: [],
      open: 0,
      opened: 4,
      closed: 4,
      openings: { accepted: 4 },
      closes: { "4xxx gateway": 4 },
      routes: [{ route: "echo", upstream: "echo", open: 0, opened: 4, messages: 8 }],
    });
  });

  test.each(["1.1", "2"] as const)("the frames of a stream are told, over HTTP/%s", async (version) => {
    const { streams, open } = await start();
    const client = await open(version);
    const [stream] = (await streams.list(AllStreams)).streams;
    const frames: FrameView[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = await streams.frames(stream?.id ?? 0, { preview: false }, (frame) => void frames.push(frame), resolve);
    expect(end).toBeDefined();
    client.text("abc");
    await client.next();
    client.close(1_000);
    await client.next();
    await ended;
    expect(frames.map(({ direction, opcode }) => `${direction} ${opcode}`)).toEqual([
      "to-upstream text",
      "to-client text",
      "to-upstream close",
      "to-client close",
    ]);
  });

  test("a worker that does not answer is left out, and that is said; one that is gone ends what was told of it", async () => {
    const { streams, pids, open } = await startWithFour();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const told: GatewayEvent[] = [];
    onTestFinished(streams.events((event) => void told.push(event)));
    const ofFirst = (await streams.list(AllStreams)).streams.find(({ worker }) => worker === 1);
    const end = await streams.frames(ofFirst?.id ?? 0, { preview: false }, () => undefined, resolve);
    expect(end).toBeDefined();

    const { pid } = pids().find(({ worker }) => worker === 1) ?? { pid: Number.NaN };
    process.kill(pid, "SIGSTOP");
    const page = await streams.list(AllStreams);
    expect(page).toMatchObject({ matching: 2, open: 2, silentWorkers: [1] });
    expect(page.streams.map(({ worker }) => worker)).toEqual([2, 2]);
    expect(await streams.overview()).toMatchObject({ open: 2, silentWorkers: [1] });

    process.kill(pid, "SIGKILL");
    await ended;
    await vi.waitFor(() => expect(pids()).toHaveLength(3), 5_000);
    expect((await streams.list(AllStreams)).silentWorkers).toEqual([]);
    // The one that has taken its place tells, too, and so does whoever comes to it.
    await open("1.1");
    await open("2");
    await vi.waitFor(() => expect(told).toMatchObject([{ type: "opened" }, { type: "opened" }]), 3_000);
    expect(await streams.find(ofFirst?.id ?? 0)).toBeUndefined();
  });
});
