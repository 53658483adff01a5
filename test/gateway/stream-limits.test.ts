import { describe, expect, onTestFinished, test } from "vitest";
import { hex, joined } from "../support/bits.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import {
  connectClient,
  connectSession,
  HttpVersions,
  Neighbour,
  type HttpVersion,
} from "../support/loopback-clients.ts";
import { h2Client, type OpeningClient } from "../support/opening-client.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

/** A client of the limited route, and one beside it: on the same connection where there can be one. */
async function openBoth(gateway: GatewayUnderTest, httpVersion: HttpVersion, path: string) {
  const session = httpVersion === "2" ? await connectSession(gateway.port) : undefined;
  const connect = () => (session === undefined ? connectClient(gateway.port, httpVersion) : h2Client(session));
  const neighbour = await Neighbour.open(await connect(), { path: "/echo" });
  const client = await connect();
  client.ask({ path });
  expect((await client.response()).status).toBe(session === undefined ? 101 : 200);
  return { client, neighbour };
}

/** A gateway with a handler and a relay that are held to `limits`, and an echo that is not. */
async function startLimited(limits: Readonly<Record<string, unknown>>, handler = "echo") {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const gateway = await startGatewayUnderTest(
    {
      routes: [
        { name: "neighbour", path: "/echo", handler: "echo" },
        { name: "handler", path: "/handler", handler, limits },
        { name: "relay", path: "/relay", upstream: "backend", limits },
      ],
      upstreams: { backend: { addresses: [backend.url] } },
    },
    { "flood.mjs": Flood },
  );
  return { gateway, backend };
}

/** A handler that sends more than sockets take at once, and does not wait. */
const Flood = `export function onOpen(connection) {
  for (let sent = 0; sent < 3_000; sent++) void connection.send("x".repeat(10_000));
}`;

/** The code of the Close that comes behind `passed` bytes; the gateway's own reason may follow it. */
async function closeCode(client: OpeningClient, passed = 0): Promise<number> {
  const bytes = await client.received(passed + 4);
  expect(bytes[passed]).toBe(0x88);
  return bytes.readUInt16BE(passed + 2);
}

async function expectCounted(
  gateway: GatewayUnderTest,
  { limit, protocol, ...close }: { limit: string; protocol: string; route: string; code: number; cause: string },
): Promise<void> {
  expect(await gateway.metric("hawser_limits_hit_total", { limit, protocol })).toBe(1);
  const labels = { ...close, code: String(close.code), initiator: "gateway", protocol };
  await gateway.settles("hawser_stream_closes_total", labels, 1);
  expect(await gateway.metric("hawser_stream_closes_total")).toBe(1);
}

/** The code of the Close that the upstream got; `undefined` where there is none. */
async function upstreamCode(backend: WsBackend): Promise<number | undefined> {
  return (await backend.sockets.at(-1)?.closed)?.code;
}

const TooLarge = [
  { limit: "frame_bytes", limits: { maxFrameBytes: 10 }, wire: hex("82 8b 00000000"), code: 1009 },
  {
    limit: "message_bytes",
    limits: { maxMessageBytes: 10 },
    wire: joined([hex("02 88 00000000"), new Uint8Array(8), hex("80 83 00000000")]),
    code: 1009,
  },
  {
    limit: "fragments",
    limits: { maxFragments: 2 },
    wire: hex("02 80 00000000  00 80 00000000  80 80 00000000"),
    code: 1008,
  },
];

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, protocol }) => {
  describe.each([
    { route: "handler", toldUpstream: undefined },
    { route: "relay", toldUpstream: 1001 },
  ])("a $route", ({ route, toldUpstream }) => {
    test.each(TooLarge)("is closed over $limit, and nobody else is", async ({ limit, limits, wire, code }) => {
      const { gateway, backend } = await startLimited(limits);
      const { client, neighbour } = await openBoth(gateway, httpVersion, `/${route}`);
      client.send(wire);
      expect(await closeCode(client)).toBe(code);
      expect(await upstreamCode(backend)).toBe(toldUpstream);
      await neighbour.feelsNothing();
      await expectCounted(gateway, { limit, protocol, route, code, cause: "limit" });
    });

    test.each([
      { cause: "idle", limit: "idle", limits: { idleMs: 100 }, code: 1001 },
      { cause: "max_age", limit: "age", limits: { maxAgeMs: 100, maxAgeJitter: 0 }, code: 1012 },
    ])("is closed with $code for $cause, and nobody else is", async ({ cause, limit, limits, code }) => {
      const { gateway, backend } = await startLimited(limits);
      const { client, neighbour } = await openBoth(gateway, httpVersion, `/${route}`);
      expect(await closeCode(client)).toBe(code);
      expect(await upstreamCode(backend)).toBe(toldUpstream);
      await neighbour.feelsNothing();
      await expectCounted(gateway, { limit, protocol, route, code, cause });
    });
  });

  test("an upstream's message over maxMessageBytes: it is told 1009, its client 1014", async () => {
    const { gateway, backend } = await startLimited({ maxMessageBytes: 10 });
    const { client, neighbour } = await openBoth(gateway, httpVersion, "/relay");
    backend.sockets[0]?.socket.send("1234567890");
    backend.sockets[0]?.socket.send("12345678901");
    expect(await closeCode(client, 12)).toBe(1014);
    expect(await upstreamCode(backend)).toBe(1009);
    await neighbour.feelsNothing();
    const counted = { protocol, route: "relay", code: 1009, cause: "limit" };
    await expectCounted(gateway, { ...counted, limit: "message_bytes" });
  });

  test("a handler that sends without waiting is closed with 1013 before memory ends", async () => {
    const { gateway } = await startLimited({ maxBufferedBytes: 100_000 }, "./flood.mjs");
    const { client, neighbour } = await openBoth(gateway, httpVersion, "/handler");
    let passed = 0;
    // What the system's own buffers take does not wait here.
    while ((await client.received(passed + 4))[passed] !== 0x88) passed += 10_004;
    expect(await closeCode(client, passed)).toBe(1013);
    expect(passed).toBeLessThan(20_000_000);
    await neighbour.feelsNothing();
    const counted = { protocol, route: "handler", code: 1013, cause: "limit" };
    await expectCounted(gateway, { ...counted, limit: "buffered_bytes" });
  });

  test("a handler answers 256 Pings at once; one more is 1008, and nobody else is closed", async () => {
    const { gateway } = await startLimited({});
    const { client, neighbour } = await openBoth(gateway, httpVersion, "/handler");
    const pings = 300;
    client.send(joined(Array.from({ length: pings }, () => hex("89 80 00000000"))));
    let passed = 0;
    while ((await client.received(passed + 2))[passed] === 0x8a) passed += 2;
    expect(await closeCode(client, passed)).toBe(1008);
    expect(passed / 2).toBeGreaterThanOrEqual(256);
    expect(passed / 2).toBeLessThan(pings);
    await neighbour.feelsNothing();
    const counted = { protocol, route: "handler", code: 1008, cause: "limit" };
    await expectCounted(gateway, { ...counted, limit: "control_frames" });
  });
});
