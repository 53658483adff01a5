import { describe, expect, test, vi } from "vitest";
import type { StreamPage } from "../../src/gateway/telemetry/stream-view.ts";
import { hex } from "../support/bits.ts";
import { readEvents } from "../support/event-reader.ts";
import { startGateway } from "../support/gateway-process.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { openPlaced, SaysWhere } from "../support/worker-clients.ts";

const Echo = { routes: [{ name: "echo", path: "/echo", handler: "echo" }] };
const ClientText = hex("81 82 00000000 6869");
const ServerText = hex("81 02 6869");
const ServerClose = hex("88 02 03e9");
const Token = "0123456789abcdef";

async function streamsOf(admin: string, query = ""): Promise<StreamPage> {
  const page: StreamPage = JSON.parse(await (await fetch(`${admin}/streams${query}`)).text());
  return page;
}

describe.each(["1.1", "2"] as const)("a WebSocket over HTTP/%s", (version) => {
  async function opened(config: Readonly<Record<string, unknown>> = {}) {
    const gateway = await startGatewayUnderTest({ ...Echo, ...config });
    const client = await gateway.connect(version);
    client.ask({ path: "/echo" });
    await client.response();
    const { streams } = await streamsOf(gateway.admin);
    return { ...gateway, client, stream: streams[0], id: streams[0]?.id ?? 0 };
  }

  test("is listed with what passed through it", async () => {
    const { client, admin, id } = await opened();
    client.send(ClientText);
    await client.received(ServerText.length);
    const answer = await fetch(`${admin}/streams/${id}`);
    expect(await answer.json()).toMatchObject({
      id,
      route: "echo",
      protocol: version === "2" ? "h2" : "h1",
      client: "127.0.0.1",
      state: "open",
      toUpstream: { bytes: ClientText.length, frames: 1, messages: 1 },
      toClient: { bytes: ServerText.length, frames: 1, messages: 1 },
    });
    expect((await streamsOf(admin, "?protocol=h1")).matching).toBe(version === "2" ? 0 : 1);
    expect(await (await fetch(`${admin}/metrics/streams`)).text()).toContain(
      `hawser_top_stream_bytes_total{id="${id}"`,
    );
  });

  test("has no address where the config hides it", async () => {
    const { stream } = await opened({ admin: { address: "127.0.0.1:0", showClients: false } });
    expect(stream?.client).toBeNull();
  });

  test("is closed by DELETE, and its frames are told until then", async () => {
    const { client, admin, id } = await opened();
    const news = await readEvents(`${admin}/events`);
    const frames = await readEvents(`${admin}/streams/${id}/frames`);
    client.send(ClientText);
    await client.received(ServerText.length);
    const told = [await frames.next(), await frames.next()].map((event): unknown => JSON.parse(event?.data ?? ""));
    expect(told).toMatchObject([
      { direction: "to-upstream", opcode: "text", fin: true, payloadBytes: 2 },
      { direction: "to-client", opcode: "text", fin: true, payloadBytes: 2 },
    ]);
    const answer = await fetch(`${admin}/streams/${id}`, { method: "DELETE" });
    expect([answer.status, await answer.text()]).toEqual([202, `closing stream ${id} with 1001\n`]);
    const received = await client.received(ServerText.length + ServerClose.length);
    expect(received.subarray(ServerText.length)).toEqual(Buffer.from(ServerClose));
    client.leave();
    await vi.waitFor(async () => expect((await fetch(`${admin}/streams/${id}`)).status).toBe(404));
    let last = await frames.next();
    while (last?.event === "frame") last = await frames.next();
    expect([last?.event, await frames.next()]).toEqual(["end", undefined]);
    const closed = await news.next();
    expect([closed?.event, JSON.parse(closed?.data ?? "")]).toMatchObject(["closed", { id, code: 1001 }]);
  });

  test("is nobody's to see without the token of the config", async () => {
    const gateway = await startGatewayUnderTest({ ...Echo, admin: { address: "127.0.0.1:0", auth: { token: Token } } });
    const client = await gateway.connect(version);
    client.ask({ path: "/echo" });
    await client.response();
    const paths = ["/streams", "/overview", "/events", "/config", "/upstreams", "/metrics/streams", "/streams/1"];
    const statusOf = async (path: string, headers = {}) => (await fetch(`${gateway.admin}${path}`, { headers })).status;
    expect(await Promise.all(paths.map((path) => statusOf(path)))).toEqual(paths.map(() => 401));
    expect((await fetch(`${gateway.admin}/drain`, { method: "POST" })).status).toBe(401);
    expect(await statusOf("/streams", { authorization: `Bearer ${Token}` })).toBe(200);
    expect(await Promise.all(["/livez", "/readyz", "/metrics"].map((path) => statusOf(path)))).toEqual([200, 200, 200]);
  });
});

test("who guesses credentials is told of in the log, without its address", async () => {
  const gateway = await startGatewayUnderTest({ ...Echo, admin: { address: "127.0.0.1:0", auth: { token: Token } } });
  const statusOf = async (guess: number) =>
    (await fetch(`${gateway.admin}/streams`, { headers: { authorization: `Bearer wrong-${guess}` } })).status;
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) statuses.push(await statusOf(i));
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
  const told = gateway.log.filter((line) => line.includes("wrong credentials"));
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain("127.0.0.1");
});

test("a reload is told, and /config is the new one; its secrets can change on the same port", async () => {
  const gateway = await startGatewayUnderTest(Echo);
  const news = await readEvents(`${gateway.admin}/events`);
  await gateway.reload({ ...Echo, limits: { maxStreams: 7 } });
  expect(await news.next()).toMatchObject({ event: "reloaded", data: expect.stringContaining('"summary":"limits"') });
  const answer = await fetch(`${gateway.admin}/config`);
  expect(await answer.json()).toMatchObject({
    generation: 2,
    summary: "limits",
    config: { limits: { maxStreams: 7 } },
  });
  await gateway.reload({ ...Echo, admin: { address: "127.0.0.1:0", auth: { token: Token } } });
  expect((await fetch(`${gateway.admin}/config`)).status).toBe(401);
  expect(await news.next()).toBeUndefined();
});

test(
  "two workers are one list, and each stream is found, told and closed wherever it is",
  { timeout: 60_000 },
  async () => {
    const gateway = await startGateway(
      {
        listeners: [{ name: "main", address: "127.0.0.1:0" }],
        routes: [{ path: "/where", handler: "./where.mjs" }],
        workers: 2,
        // These clients do not end their half, so each closing handshake lasts until its deadline.
        deadlines: { closeMs: 300 },
      },
      { "where.mjs": SaysWhere },
    );
    try {
      const clients = [
        await openPlaced(gateway, "1.1", "/where"),
        await openPlaced(gateway, "2", "/where"),
        await openPlaced(gateway, "1.1", "/where"),
        await openPlaced(gateway, "2", "/where"),
      ];
      expect(new Set(clients.map(({ pid }) => pid)).size).toBe(2);
      const { streams, open } = await streamsOf(gateway.admin, "?order=id&ascending=true");
      expect([
        open,
        new Set(streams.map(({ id }) => id)).size,
        new Set(streams.map(({ worker }) => worker)).size,
      ]).toEqual([4, 4, 2]);
      const lines = (await (await fetch(`${gateway.admin}/streams?format=ndjson`)).text()).trimEnd().split("\n");
      expect(lines).toHaveLength(4);
      expect(await (await fetch(`${gateway.admin}/overview`)).json()).toMatchObject({ workers: 2, open: 4, opened: 4 });
      for (const { id } of streams) {
        const frames = await readEvents(`${gateway.admin}/streams/${id}/frames`);
        expect((await fetch(`${gateway.admin}/streams/${id}?code=4000`, { method: "DELETE" })).status).toBe(202);
        expect(await frames.next()).toMatchObject({
          event: "frame",
          data: expect.stringContaining('"opcode":"close"'),
        });
      }
      expect(await Promise.all(clients.map((client) => client.next()))).toEqual(clients.map(() => "Close 4000"));
      for (const client of clients) client.close();
      await vi.waitFor(async () => expect((await streamsOf(gateway.admin)).open).toBe(0));
    } finally {
      await gateway.stop();
    }
  },
);
