import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { textFrame } from "../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import type { OpeningClient } from "../support/opening-client.ts";
import { answers, freePort } from "../support/ports.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const Versions = ["1.1", "2"] as const;
type Version = (typeof Versions)[number];

const Echo = { name: "echo", path: "/echo", handler: "echo" };
const Fast = { closeMs: 300, closeSpreadMs: 50 };
const MaskKey = Uint8Array.of(1, 2, 3, 4);

/** What a server's Close frame with 1012 looks like. */
const Close1012 = Buffer.from("880203f4", "hex");

async function openStream(gateway: GatewayUnderTest, version: Version, path: string): Promise<OpeningClient> {
  const client = await gateway.connect(version);
  client.ask({ path });
  expect((await client.response()).status).toBe(version === "2" ? 200 : 101);
  return client;
}

async function statusOf(gateway: GatewayUnderTest, version: Version, path: string): Promise<number> {
  const client = await gateway.connect(version);
  client.ask({ path });
  const { status } = await client.response();
  client.leave();
  return status;
}

/** An echo that remembers how many bytes have come back before. */
function talkTo(client: OpeningClient) {
  let heard = 0;
  return async (text: string): Promise<void> => {
    client.send(encodeFrame(textFrame(text), { maskKey: MaskKey }));
    const echo = encodeFrame(textFrame(text));
    const received = await client.received(heard + echo.length);
    expect(received.subarray(heard)).toEqual(Buffer.from(echo));
    heard += echo.length;
  };
}

describe.each(Versions)("over HTTP/%s", (version) => {
  test("streams of routes that are the same do not notice", async () => {
    const backend = await startWsBackend();
    onTestFinished(() => backend.stop());
    const chat = { name: "chat", path: "/chat", upstream: "chat" };
    const config = { routes: [Echo, chat], upstreams: { chat: { addresses: [backend.url] } } };
    const gateway = await startGatewayUnderTest(config);
    const talks = [
      talkTo(await openStream(gateway, version, "/echo")),
      talkTo(await openStream(gateway, version, "/chat")),
    ];
    for (const turn of [1, 2, 3]) {
      for (const talk of talks) await talk(`before ${turn}`);
      const routes = [Echo, chat, { name: `new${turn}`, path: `/new${turn}`, handler: "echo" }];
      const result = await gateway.reload({ ...config, routes, deadlines: { ...Fast, answerMs: 1_000 * turn } });
      expect(result).toMatchObject({ type: "applied" });
      for (const talk of talks) await talk(`after ${turn}`);
      expect(await statusOf(gateway, version, `/new${turn}`)).toBe(version === "2" ? 200 : 101);
    }
    expect(await gateway.metric("hawser_config_generation")).toBe(4);
    expect(await gateway.metric("hawser_stream_closes_total", { route: "chat" })).toBe(0);
  });

  test("streams of a removed route are closed with 1012, and its path is gone", async () => {
    const other = { name: "other", path: "/other", handler: "echo" };
    const gateway = await startGatewayUnderTest({ routes: [Echo, other], deadlines: Fast });
    const gone = await openStream(gateway, version, "/other");
    const talk = talkTo(await openStream(gateway, version, "/echo"));
    expect(await gateway.reload({ routes: [Echo], deadlines: Fast })).toEqual({
      type: "applied",
      diff: "routes -other",
    });
    expect(await gone.received(4)).toEqual(Close1012);
    await talk("goes on");
    expect(await statusOf(gateway, version, "/other")).toBe(404);
    await gateway.settles("hawser_stream_closes_total", { route: "other", code: "1012", cause: "route_removed" }, 1);
  });

  test("streams of a changed route live on until their time has come; new ones have the new rules", async () => {
    const config = { routes: [Echo], deadlines: Fast, reload: { watch: false, changedRouteMs: 400 } };
    const gateway = await startGatewayUnderTest(config);
    const client = await openStream(gateway, version, "/echo");
    const talk = talkTo(client);
    const changed = { ...config, routes: [{ ...Echo, origins: ["https://only.example"], maxStreams: 1 }] };
    expect(await gateway.reload(changed)).toEqual({ type: "applied", diff: "routes ~echo" });
    await talk("still");
    // The one that is open counts.
    expect(await statusOf(gateway, version, "/echo")).toBe(503);
    const received = await client.received(4 + 7);
    expect(received.subarray(-4)).toEqual(Close1012);
    await gateway.settles("hawser_stream_closes_total", { route: "echo", code: "1012", cause: "route_changed" }, 1);
  });

  test("a broken config changes nothing", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    const talk = talkTo(await openStream(gateway, version, "/echo"));
    const result = await gateway.reload({ routes: [{ ...Echo, path: "no slash" }] });
    expect(result).toMatchObject({
      type: "refused",
      reason: expect.stringMatching(/routes\[0\]\.path: expected a path/),
    });
    await talk("goes on");
    expect(await statusOf(gateway, version, "/echo")).toBe(version === "2" ? 200 : 101);
    expect(await gateway.metric("hawser_config_generation")).toBe(1);
    expect(await gateway.metric("hawser_config_reloads_total", { result: "refused" })).toBe(1);
    expect(gateway.log.some((line) => line.includes("config refused, the old one goes on"))).toBe(true);
  });
});

/** The port of the listener `name`, by the log. */
function portOf(gateway: GatewayUnderTest, name: string): number {
  const lines = gateway.log.filter((line) => line.includes(`listening ${name} `));
  return Number(/:(\d+)$/.exec(lines.at(-1) ?? "")?.[1]);
}

describe("listeners", () => {
  const Main = { name: "main", address: "127.0.0.1:0" };
  const Side = { name: "side", address: "127.0.0.1:0" };

  test("one comes, and one goes with its streams told to come back", async () => {
    const base = { routes: [Echo], deadlines: Fast };
    const gateway = await startGatewayUnderTest({ ...base, listeners: [Main] });
    expect(await gateway.reload({ ...base, listeners: [Main, Side] })).toEqual({
      type: "applied",
      diff: "listeners +side",
    });
    const side = portOf(gateway, "side");
    expect(await answers(side)).toBe(true);

    const talk = talkTo(await openStream(gateway, "2", "/echo"));
    const clients = await Promise.all(Versions.map((version) => gateway.connect(version, side)));
    for (const client of clients) client.ask({ path: "/echo" });
    await Promise.all(clients.map((client) => client.response()));
    expect(await gateway.reload({ ...base, listeners: [Main] })).toEqual({ type: "applied", diff: "listeners -side" });
    expect(await answers(side)).toBe(false);
    for (const client of clients) expect(await client.received(4)).toEqual(Close1012);
    await talk("goes on");
    await gateway.settles("hawser_client_connections_open", { listener: "side" }, 0);
  });

  test("one that goes tells a client once more that comes back over the connection it has", async () => {
    const base = { routes: [Echo], deadlines: Fast };
    const gateway = await startGatewayUnderTest({ ...base, listeners: [Main, Side] });
    const client = await gateway.connect("2", portOf(gateway, "side"));
    expect(await gateway.reload({ ...base, listeners: [Main] })).toMatchObject({ type: "applied" });
    client.ask({ path: "/echo" });
    expect((await client.response()).status).toBe(200);
    expect(await client.received(4)).toEqual(Close1012);
    await gateway.settles("hawser_client_connections_open", { listener: "side" }, 0);
  });

  test("one that got another name and then goes tells those who came under its first one", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const base = { routes: [Echo], deadlines: Fast };
    const gateway = await startGatewayUnderTest({ ...base, listeners: [Main, { name: "side", address }] });
    const client = await gateway.connect("2", Number(address.split(":")[1]));
    client.ask({ path: "/echo" });
    await client.response();
    await gateway.reload({ ...base, listeners: [Main, { name: "renamed", address }] });
    await gateway.reload({ ...base, listeners: [Main] });
    expect(await client.received(4)).toEqual(Close1012);
  });

  test("one that cannot listen leaves everything as it was", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const gateway = await startGatewayUnderTest({ routes: [Echo], listeners: [Main] });
    const side = await freePort();
    const listeners = [
      Main,
      { name: "side", address: `127.0.0.1:${side}` },
      { name: "third", address: `127.0.0.1:${port}` },
    ];
    expect(await gateway.reload({ routes: [], listeners })).toMatchObject({ type: "refused" });
    const result = await gateway.reload({ routes: [{ ...Echo, path: "/other" }], listeners });
    expect(result).toMatchObject({
      type: "refused",
      reason: expect.stringMatching(/^listener third cannot listen on 127\.0\.0\.1 port \d+: another process/),
    });
    expect(await answers(side)).toBe(false);
    expect(await statusOf(gateway, "2", "/echo")).toBe(200);
    expect(await statusOf(gateway, "2", "/other")).toBe(404);
  });

  test("one that is moved to an address that takes its own in is told so, and stays", async () => {
    const port = await freePort();
    const at = (address: string) => ({ routes: [Echo], listeners: [{ name: "main", address }] });
    const gateway = await startGatewayUnderTest(at(`127.0.0.1:${port}`));
    expect(await gateway.reload(at(`0.0.0.0:${port}`))).toMatchObject({
      type: "refused",
      reason: expect.stringContaining("another process listens there, or this one"),
    });
    expect(await answers(port)).toBe(true);
  });

  test("one gets another name at the same place, and no connection notices", async () => {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const gateway = await startGatewayUnderTest({ routes: [Echo], listeners: [{ name: "main", address }] });
    const talk = talkTo(await openStream(gateway, "1.1", "/echo"));
    const renamed = { routes: [Echo], listeners: [{ name: "public", address }] };
    expect(await gateway.reload(renamed)).toEqual({ type: "applied", diff: "listeners +public -main" });
    await talk("goes on");
    expect((await fetch(`http://${address}/absent`)).status).toBe(404);
    expect(await gateway.metric("hawser_client_connections_total", { listener: "public" })).toBe(1);
  });
});

describe("the admin port", () => {
  const post = (gateway: GatewayUnderTest, path: string) => fetch(`${gateway.admin}${path}`, { method: "POST" });

  test("reloads, and says what has changed or what is wrong", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    const same = await post(gateway, "/reload");
    expect([same.status, await same.text()]).toEqual([200, "nothing has changed\n"]);
    expect(gateway.log.at(-1)).toBe("config read again: nothing has changed");
    await gateway.replaceFile("hawser.yaml", "listeners: 3");
    const refused = await post(gateway, "/reload");
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/refused, the old one goes on: .*\n.*\blisteners\b/s);
  });

  test("drains: streams are closed, nothing new is taken, and stop is quick then", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo], deadlines: Fast });
    const clients = await Promise.all(Versions.map((version) => openStream(gateway, version, "/echo")));
    const answer = await post(gateway, "/drain");
    expect([answer.status, await answer.text()]).toEqual([202, "draining: 2 streams to close\n"]);
    for (const client of clients) expect(await client.received(4)).toEqual(Close1012);
    expect((await fetch(`${gateway.admin}/readyz`)).status).toBe(503);
    await vi.waitFor(() => expect(gateway.log.at(-1)).toMatch(/drained$/), 5_000);
    expect(await gateway.reload({ routes: [] })).toMatchObject({ type: "refused", reason: "the gateway is draining" });
    await gateway.gateway.stop();
    expect(gateway.log.at(-1)).toMatch(/stopped$/);
  });

  test("moves to another place before the old one is closed", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    const address = `127.0.0.1:${await freePort()}`;
    expect(await gateway.reload({ routes: [Echo], admin: { address } })).toEqual({ type: "applied", diff: "admin" });
    expect((await fetch(`http://${address}/readyz`)).status).toBe(200);
    await expect(fetch(`${gateway.admin}/readyz`)).rejects.toThrow("fetch failed");
  });
});
