import { describe, expect, onTestFinished, test, vi } from "vitest";
import { pingFrame } from "../../src/protocol/frame/frame.ts";
import type { FrameView } from "../../src/gateway/telemetry/stream-view.ts";
import { AllStreams } from "../support/all-streams.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

// What operators see of live streams, and what they do with them: handlers and relays, on both HTTP versions.

/** One with a handler, and one that relays to it by the route `relay`. */
async function start(admin: object = { showClients: false }, route: object = {}): Promise<GatewayUnderTest> {
  const backend = await startGatewayUnderTest({ routes: [{ name: "echo", path: "/relay", handler: "echo" }] });
  return await startGatewayUnderTest({
    admin: { address: "127.0.0.1:0", ...admin },
    upstreams: { backend: { addresses: [`ws://127.0.0.1:${backend.port}`] } },
    routes: [
      { name: "handler", path: "/handler", handler: "echo", ...route },
      { name: "relay", path: "/relay", upstream: "backend", ...route },
    ],
  });
}

async function open(gateway: GatewayUnderTest, version: "1.1" | "2", path: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(await gateway.connect(version), { path });
  client.text("hello");
  expect(await client.next()).toBe("Text hello");
  return client;
}

/** A stream whose frames somebody listens to. */
async function tail(version: "1.1" | "2", route: string, config: object, preview = false) {
  const gateway = await start({}, config);
  const client = await open(gateway, version, `/${route}`);
  const frames: FrameView[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const { streams } = await gateway.gateway.streams.list(AllStreams);
  const id = streams[0]?.id ?? 0;
  const end = await gateway.gateway.streams.frames(id, { preview }, (frame) => void frames.push(frame), resolve);
  if (end === undefined) throw new Error("there is no such stream");
  return { gateway, client, frames, ended, end };
}

test.each([
  { version: "1.1", engine: "hawser", window: null },
  { version: "2", engine: "hawser", window: expect.any(Number) },
  { version: "2", engine: "node", window: null },
] as const)("what a client may still be sent is $window over HTTP/$version by $engine", async (how) => {
  const { version, engine, window } = how;
  const routes = [{ name: "handler", path: "/handler", handler: "echo" }];
  const gateway = await startGatewayUnderTest({ routes, http2: { engine } });
  await open(gateway, version, "/handler");
  const { streams } = await gateway.gateway.streams.list(AllStreams);
  expect(streams).toMatchObject([{ sendWindow: window }]);
});

test("what waits for a client that takes nothing is shown, and how much more it may be sent", async () => {
  const gateway = await startGatewayUnderTest({
    routes: [{ name: "handler", path: "/handler", handler: "echo" }],
    http2: { engine: "hawser" },
  });
  const client = await open(gateway, "2", "/handler");
  client.readNothing();
  for (let sent = 0; sent < 30; sent++) client.text("x".repeat(60_000));
  await vi.waitFor(async () => {
    const [stream] = (await gateway.gateway.streams.list({ ...AllStreams, order: "buffered" })).streams;
    expect(stream?.buffered.toClient).toBeGreaterThan(50_000);
    expect(stream?.sendWindow).toBe(0);
  }, 5_000);
});

describe.each(["1.1", "2"] as const)("over HTTP/%s", (version) => {
  const protocol = version === "2" ? "h2" : "h1";

  test.each(["handler", "relay"])("a stream of a %s is described", async (route) => {
    const { gateway, ...rest } = await start();
    await open({ gateway, ...rest }, version, `/${route}`);
    const { streams, matching, open: count, silentWorkers } = await gateway.streams.list(AllStreams);
    expect({ matching, count, silentWorkers }).toEqual({ matching: 1, count: 1, silentWorkers: [] });
    const [stream] = streams;
    expect(stream).toMatchObject({
      worker: 0,
      route,
      upstream: route === "relay" ? "backend" : "echo",
      listener: "main",
      protocol,
      client: null,
      subprotocol: null,
      extensions: null,
      toUpstream: { bytes: 11, frames: 1, messages: 1 },
      toClient: { bytes: 7, frames: 1, messages: 1 },
      pingMs: null,
      buffered: { toUpstream: 0, toClient: 0 },
      state: "open",
    });
    expect(stream?.ageMs).toBeGreaterThanOrEqual(0);
    expect(stream?.idleMs).toBeLessThan(1_000);
    expect(stream?.streamId).toBe(version === "2" ? 1 : 0);
    expect(await gateway.streams.find(stream?.id ?? 0)).toMatchObject({ id: stream?.id, route });
    expect(await gateway.streams.find(987)).toBeUndefined();
  });

  test("the address of a client is shown where the config says so, and then found", async () => {
    const gateway = await start({ showClients: true });
    await open(gateway, version, "/handler");
    const { streams } = await gateway.gateway.streams.list({ ...AllStreams, search: "127.0.0" });
    expect(streams).toMatchObject([{ client: "127.0.0.1" }]);
    expect(gateway.log.join("\n")).not.toContain("client=");
  });

  test.each(["handler", "relay"])("a stream of a %s is closed with the code an operator gives", async (route) => {
    const gateway = await start();
    const client = await open(gateway, version, `/${route}`);
    const { streams } = await gateway.gateway.streams.list(AllStreams);
    expect(await gateway.gateway.streams.close(streams[0]?.id ?? 0, 4_321)).toBe(true);
    expect(await client.next()).toBe("Close 4321");
    expect(await gateway.gateway.streams.find(streams[0]?.id ?? 0)).toMatchObject({ state: "closing" });
    client.close(4_321);
    const labels = { route, initiator: "gateway", code: "4xxx", cause: "operator" };
    await gateway.settles("hawser_stream_closes_total", labels, 1);
    expect(await gateway.gateway.streams.close(streams[0]?.id ?? 0, 4_321)).toBe(false);
    expect((await gateway.gateway.streams.overview()).closes).toEqual({ "4xxx gateway": 1 });
  });

  test("the overview sums up what there is", async () => {
    const gateway = await start();
    await open(gateway, version, "/handler");
    await open(gateway, version, "/relay");
    await expect(open(gateway, version, "/nowhere")).rejects.toThrow("404");
    expect(await gateway.gateway.streams.overview()).toMatchObject({
      version: "test",
      readiness: "ready",
      generation: 1,
      workers: 1,
      silentWorkers: [],
      open: 2,
      opened: 2,
      closed: 0,
      openings: { accepted: 2, no_route: 1 },
      closes: {},
      toUpstream: { bytes: 22, messages: 2 },
      toClient: { bytes: 14, messages: 2 },
      routes: [
        { route: "handler", upstream: "echo", open: 1, opened: 1, bytes: 18, messages: 2 },
        { route: "relay", upstream: "backend", open: 1, opened: 1, bytes: 18, messages: 2 },
      ],
    });
    const { connections, openingMs } = await gateway.gateway.streams.overview();
    expect(connections[protocol]).toBeGreaterThanOrEqual(2);
    expect(openingMs.p50).toBeGreaterThan(0);
    expect(openingMs.p99).toBeGreaterThanOrEqual(openingMs.p50 ?? Infinity);
  });

  test("what happens is told to whoever listens", async () => {
    const gateway = await start();
    const told: unknown[] = [];
    const end = gateway.gateway.streams.events((event) => told.push(event));
    onTestFinished(end);
    const client = await open(gateway, version, "/handler");
    await expect(open(gateway, version, "/nowhere")).rejects.toThrow("404");
    client.close(1_000);
    await client.next();
    const result = await gateway.reload({ routes: [{ name: "other", path: "/other", handler: "echo" }] });
    expect(result.type).toBe("applied");
    void gateway.gateway.drain();
    const stream = { id: 1, route: "handler", protocol };
    await vi.waitFor(() => expect(told).toHaveLength(5), 3_000);
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: "opened", ...stream }),
        expect.objectContaining({ type: "refused", route: "", protocol, result: "no_route", status: 404 }),
        expect.objectContaining({ type: "closed", ...stream, initiator: "client", code: 1_000, cause: "close-frame" }),
        expect.objectContaining({ type: "reloaded", generation: 2, summary: expect.stringContaining("other") }),
        expect.objectContaining({ type: "draining" }),
      ]),
    );
  });

  test("the round trip of a Ping that passes through is shown", async () => {
    const { gateway, ...rest } = await start();
    const client = await open({ gateway, ...rest }, version, "/relay");
    client.send(pingFrame(Uint8Array.of(1)));
    await client.next();
    const { streams } = await gateway.streams.list(AllStreams);
    expect(streams[0]?.pingMs).toBeGreaterThan(0);
    expect((await gateway.streams.overview()).pingMs.p50).toBeGreaterThan(0);
  });

  describe.each(["handler", "relay"])("the frames of a %s", (route) => {
    test("are told from the moment somebody listens to the end of the stream", async () => {
      const { client, frames, ended } = await tail(version, route, {});
      client.text("abc");
      expect(await client.next()).toBe("Text abc");
      client.close(1_000);
      await client.next();
      await ended;
      const at = expect.any(Number);
      expect(frames).toEqual([
        { at, direction: "to-upstream", opcode: "text", fin: true, rsv: 0, payloadBytes: 3 },
        { at, direction: "to-client", opcode: "text", fin: true, rsv: 0, payloadBytes: 3 },
        { at, direction: "to-upstream", opcode: "close", fin: true, rsv: 0, payloadBytes: 2 },
        { at, direction: "to-client", opcode: "close", fin: true, rsv: 0, payloadBytes: 2 },
      ]);
      expect(frames.filter((frame) => Math.abs(frame.at - Date.now()) < 60_000)).toHaveLength(4);
    });

    test("show the beginning of texts where the route allows it and the asker wants it, masked", async () => {
      const config = { tail: { preview: 8, mask: ["secret\\d+"] } };
      const { client, frames, ended } = await tail(version, route, config, true);
      client.text("a secret123 and more");
      expect(await client.next()).toBe("Text a secret123 and more");
      client.close(1_000);
      await client.next();
      await ended;
      expect(frames.map(({ preview }) => preview)).toEqual(["a *** an", "a *** an", undefined, undefined]);
    });

    test.each([
      { why: "the route does not allow it", config: {}, wants: true },
      { why: "the asker does not want it", config: { tail: { preview: 8 } }, wants: false },
    ])("show nothing of a text where $why", async ({ config, wants }) => {
      const { gateway, client, frames, ended } = await tail(version, route, config, wants);
      client.text("secret");
      await client.next();
      client.close(1_000);
      await client.next();
      await ended;
      expect(JSON.stringify(frames)).not.toContain("secret");
      expect(gateway.log.join()).not.toContain("secret");
    });

    test("are told no more once nobody listens", async () => {
      const { client, frames, end } = await tail(version, route, {});
      end();
      client.text("abc");
      expect(await client.next()).toBe("Text abc");
      client.close(1_000);
      await client.next();
      expect(frames).toEqual([]);
    });
  });

  test("nobody listens to the frames of a stream that there is not", async () => {
    const { gateway } = await start();
    const ignore = () => undefined;
    expect(await gateway.streams.frames(1, { preview: false }, ignore, ignore)).toBeUndefined();
  });
});
