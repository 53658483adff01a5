import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { closesOfMany, converse, openMany, protocolOfPage, reopenMany } from "./in-page.ts";

const Many = 100;
const MiB = 1024 * 1024;

/** Where the page is, what it and the gateway call the protocol, and what `Many` WebSockets use of it. */
const OverH2 = {
  listener: "both",
  protocol: "h2",
  nextHopProtocol: "h2",
  httpVersion: "2",
  connections: 1,
  streams: Many,
};
const OverH1 = {
  listener: "http1",
  protocol: "h1",
  nextHopProtocol: "http/1.1",
  httpVersion: "1.1",
  connections: Many,
  streams: 1,
};

describe.each([
  { browser: "Chromium", open: openChromium, ...OverH2 },
  { browser: "Chromium", open: openChromium, ...OverH1 },
  { browser: "Firefox", open: openFirefox, ...OverH2 },
  { browser: "Firefox", open: openFirefox, ...OverH1 },
])("$browser over $protocol", ({ open, protocol, listener, nextHopProtocol, httpVersion, connections, streams }) => {
  let plain: WsBackend;
  let deflating: WsBackend;
  let gateway: GatewayProcess;
  let page: BrowserPage;
  let url: string;

  beforeAll(async () => {
    plain = await startWsBackend({ subprotocols: ["chat.v2", "chat.v1"] });
    deflating = await startWsBackend({ deflate: true });
    const tls = { selfSigned: "localhost.pem", names: ["localhost", "127.0.0.1"] };
    gateway = await startGateway({
      listeners: [
        { name: "both", address: "127.0.0.1:0", tls },
        { name: "http1", address: "127.0.0.1:0", tls, protocols: ["http/1.1"] },
      ],
      routes: [
        { name: "plain", path: "/plain", upstream: "plain" },
        { name: "deflating", path: "/deflating", upstream: "deflating" },
        { name: "echo", path: "/echo", handler: "echo" },
        { name: "page", pathPrefix: "/", root: join(import.meta.dirname, "site") },
      ],
      upstreams: { plain: { addresses: [plain.url] }, deflating: { addresses: [deflating.url] } },
    });
    page = await open();
    const base = gateway.listeners.get(listener) ?? "";
    await page.goto(base);
    url = base.replace("https:", "wss:");
  });

  beforeEach(() => onTestFailed(() => console.error(gateway.log)));

  afterAll(async () => {
    await page?.close();
    await gateway?.stop();
    await plain?.stop();
    await deflating?.stop();
  });

  const streamsOpen = async (): Promise<number> => sumOf(await gateway.metrics(), "hawser_streams_open");

  test("the page itself comes over the same protocol", async () => {
    expect(await page.evaluate(protocolOfPage, {})).toBe(nextHopProtocol);
  });

  test("text and binary messages come back as they were, from none to 1 MiB", async () => {
    const messages = [0, 6, 126, 65_538, MiB].flatMap((length) => [
      { type: "text" as const, length },
      { type: "binary" as const, length },
    ]);
    const result = await page.evaluate(converse, { url: `${url}/plain`, messages, close: { code: 1000 } });
    expect(result.echoes).toEqual(messages.map(() => "same"));
    expect(result.extensions).toBe("");
  });

  test("a handler inside the gateway echoes as the backend does", async () => {
    const messages = [
      { type: "text" as const, length: 6000 },
      { type: "binary" as const, length: MiB },
    ];
    const result = await page.evaluate(converse, { url: `${url}/echo`, messages, close: { code: 4001 } });
    expect(result).toMatchObject({ echoes: ["same", "same"], close: { code: 4001, wasClean: true } });
  });

  test("the backend chooses the subprotocol", async () => {
    const subprotocols = ["chat.v1", "chat.v2"];
    const opened = plain.next();
    const result = await page.evaluate(converse, { url: `${url}/plain`, subprotocols, close: { code: 1000 } });
    expect(result.protocol).toBe("chat.v2");
    expect((await opened).fields["sec-websocket-protocol"]?.split(/, ?/)).toEqual(subprotocols);
  });

  test("permessage-deflate is agreed on end to end, and compressed frames pass both ways", async () => {
    const opened = deflating.next();
    const messages = [{ type: "text" as const, length: MiB }];
    const result = await page.evaluate(converse, { url: `${url}/deflating`, messages, close: { code: 1000 } });
    const { socket, compressedFrames } = await opened;
    expect(result.echoes).toEqual(["same"]);
    expect(result.extensions).toContain("permessage-deflate");
    expect(socket.extensions).toContain("permessage-deflate");
    expect(compressedFrames).toBeGreaterThan(0);
    const metrics = await gateway.metrics();
    for (const direction of ["to_upstream", "to_client"]) {
      const bytes = sumOf(metrics, "hawser_stream_bytes_total", { route: "deflating", direction });
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(MiB / 10);
    }
  });

  test.each([
    { name: "a code and a reason", close: { code: 4001, reason: "grüße" }, arrives: { code: 4001, reason: "grüße" } },
    { name: "1000", close: { code: 1000 }, arrives: { code: 1000, reason: "" } },
    { name: "no code", close: {}, arrives: { code: 1005, reason: "" } },
  ])("the backend sees the browser close with $name, and the browser the echo", async ({ close, arrives }) => {
    const opened = plain.next();
    const result = await page.evaluate(converse, { url: `${url}/plain`, close });
    expect(await (await opened).closed).toEqual(arrives);
    expect(result.close).toEqual({ ...arrives, wasClean: true });
  });

  test.each([
    { name: "a code and a reason", code: 4002, reason: "grüße", arrives: { code: 4002, reason: "grüße" } },
    { name: "1011", code: 1011, reason: "", arrives: { code: 1011, reason: "" } },
    { name: "no code", code: undefined, reason: undefined, arrives: { code: 1005, reason: "" } },
  ])("the browser sees the backend close with $name, and the backend the echo", async ({ code, reason, arrives }) => {
    const opened = plain.next();
    const result = page.evaluate(converse, { url: `${url}/plain` });
    const { socket, closed } = await opened;
    socket.close(code, reason);
    expect((await result).close).toEqual({ ...arrives, wasClean: true });
    expect(await closed).toEqual(arrives);
  });

  test("the browser sees 1014 when the backend is gone without a Close", async () => {
    const opened = plain.next();
    const result = page.evaluate(converse, { url: `${url}/plain` });
    (await opened).socket.terminate();
    expect((await result).close.code).toBe(1014);
  });

  test("the browser sees 1006 where there is no route", async () => {
    const result = await page.evaluate(converse, { url: `${url}/nowhere` });
    expect(result.close).toEqual({ code: 1006, reason: "", wasClean: false });
  });

  test("as many as the connection takes are closed and opened again, and none is lost", async () => {
    const count = 190;
    const { failures } = await page.evaluate(reopenMany, { url: `${url}/plain`, count, times: 2 });
    expect(failures).toEqual([]);
    const fields = plain.sockets.slice(-count).map((socket) => streamField(socket.fields["hawser-stream"]));
    const different = new Set(fields.map((field) => field["connection"])).size;
    expect(different).toBe(connections === 1 ? 1 : count);
  });

  test(`${Many} WebSockets are open at once, and each echoes`, async () => {
    // Chromium up to 150 leaves its half of a stream open behind a closed WebSocket: the gateway's deadline ends it.
    await expect.poll(streamsOpen, { timeout: 20_000 }).toBe(0);
    const before = plain.sockets.length;
    const { failures } = await page.evaluate(openMany, { url: `${url}/plain`, count: Many });
    expect(failures).toEqual([]);

    const metrics = await gateway.metrics();
    expect(sumOf(metrics, "hawser_streams_open", { protocol })).toBe(Many);
    expect(await streamsOpen()).toBe(Many);
    // Over HTTP/1.1 the page has a connection of its own, or two.
    const open = sumOf(metrics, "hawser_client_connections_open", { protocol });
    expect(protocol === "h2" ? open : Math.min(open, Many)).toBe(connections);

    const fields = plain.sockets.slice(before).map((socket) => streamField(socket.fields["hawser-stream"]));
    const different = (name: string): number => new Set(fields.map((field) => field[name])).size;
    expect(fields).toHaveLength(Many);
    expect({ connections: different("connection"), streams: different("stream") }).toEqual({ connections, streams });
    expect(fields[0]).toMatchObject({ http: httpVersion });
  });

  test("when the gateway is told to stop, each of them sees 1012, and the process exits with 0", async () => {
    const closes = page.evaluate(closesOfMany, {});
    const closed = Promise.all(plain.sockets.slice(-Many).map((socket) => socket.closed));
    expect(await gateway.stop()).toBe(0);
    expect(await closes).toEqual(Array.from({ length: Many }, () => ({ code: 1012, reason: "", wasClean: true })));
    expect(new Set((await closed).map(({ code }) => code))).toEqual(new Set([1001]));
  });
});

/** The pairs of `http=2; connection=7; stream=13`. */
function streamField(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    String(value)
      .split("; ")
      .map((pair) => pair.split("=")),
  );
}
