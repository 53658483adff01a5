import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { AlpnProtocol } from "../../src/transport/tls-server.ts";
import type { HandledConnection } from "../../src/websocket/handler.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { Authorization } from "../../src/websocket/server-options.ts";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { testCertificate } from "../support/certificates.ts";
import { converse, exchangeMany, protocolOfPage } from "./in-page.ts";

const KiB = 1024;
const Page = "<!doctype html><title>hawser</title>";

const OverH2 = { httpVersion: "2", protocols: ["h2", "http/1.1"], nextHopProtocol: "h2" } as const;
const OnNode = { ...OverH2, over: "HTTP/2 of Node", engine: "node" } as const;
const OnHawser = { ...OverH2, over: "HTTP/2 of hawser", engine: "hawser" } as const;
const OverH1 = {
  over: "HTTP/1.1",
  httpVersion: "1.1",
  protocols: ["http/1.1"],
  nextHopProtocol: "http/1.1",
  engine: "node",
} as const;

/** A server of ours that has a page, too. */
async function startServer(
  protocols: readonly AlpnProtocol[],
  engine: H2EngineName,
): Promise<{ server: WebSocketServer; port: number }> {
  const { certificate, key } = await testCertificate();
  const echo = { onMessage: (connection: HandledConnection, message: string | Uint8Array) => connection.send(message) };
  const server = new WebSocketServer({
    tls: { certificate, key },
    protocols,
    http2: { engine },
    subprotocols: ["chat.v2", "chat.v1"],
    extensions: [new PermessageDeflateNegotiator()],
    authorize: ({ path }): Authorization<unknown> =>
      path === "/secret" ? { type: "reject", status: 401 } : { type: "accept", data: undefined },
    endpoints: [{ path: "/echo", handler: echo }, { path: "/plain", handler: echo, extensions: [] }, { path: "/*" }],
    onRequest: (exchange) => exchange.respond({ status: 200, fields: ["content-type", "text/html"], body: Page }),
  });
  return { server, port: (await server.listen({ host: "127.0.0.1" })).port };
}

describe.each([
  { browser: "Chromium", open: openChromium, ...OnNode },
  { browser: "Chromium", open: openChromium, ...OnHawser },
  { browser: "Chromium", open: openChromium, ...OverH1 },
  { browser: "Firefox", open: openFirefox, ...OnNode },
  { browser: "Firefox", open: openFirefox, ...OnHawser },
  { browser: "Firefox", open: openFirefox, ...OverH1 },
])("$browser and our server over $over", ({ open, httpVersion, protocols, nextHopProtocol, engine }) => {
  let server: WebSocketServer;
  let page: BrowserPage;
  let url: string;
  let served: AsyncIterator<HandledConnection>;

  beforeAll(async () => {
    const started = await startServer(protocols, engine);
    server = started.server;
    served = server[Symbol.asyncIterator]();
    url = `wss://127.0.0.1:${started.port}`;
    page = await open();
    await page.goto(url.replace("wss", "https"));
  });

  afterAll(async () => {
    await page?.close();
    await server?.close({ drainMs: 1_000 });
  });

  const next = async (): Promise<HandledConnection> => {
    const { value } = await served.next();
    expect(value.request.httpVersion).toBe(httpVersion);
    return value;
  };

  test("the page itself comes over the same HTTP version", async () => {
    expect(await page.evaluate(protocolOfPage, {})).toBe(nextHopProtocol);
  });

  test.each(["/echo", "/plain"])("messages of every length come back on %s as they were", async (path) => {
    const messages = [0, 6, 126, 65_538, 256 * KiB, 1024 * KiB].flatMap((length) => [
      { type: "text" as const, length },
      { type: "binary" as const, length },
    ]);
    const result = await page.evaluate(converse, { url: url + path, messages, close: { code: 1000 } });
    expect(result.echoes).toEqual(messages.map(() => "same"));
    expect(result.extensions).toMatch(path === "/echo" ? /^permessage-deflate(?!.*no_context_takeover)/ : /^$/);
    expect(result.close).toMatchObject({ code: 1000, wasClean: true });
  });

  test("a thousand messages at once come back in their order", async () => {
    const wish = { url: `${url}/echo`, count: 1_000, text: "the same again ".repeat(20) };
    expect(await page.evaluate(exchangeMany, wish)).toEqual([]);
  });

  test("it has the subprotocol that the server prefers", async () => {
    const subprotocols = ["chat.v1", "chat.v2"];
    const result = page.evaluate(converse, { url: `${url}/served`, subprotocols, close: { code: 1000 } });
    const connection = await next();
    expect(connection.subprotocol).toBe("chat.v2");
    expect(connection.request.subprotocols).toEqual(subprotocols);
    expect((await result).protocol).toBe("chat.v2");
  });

  test("it answers Pings, and takes a message in parts as one", async () => {
    const messages = [{ type: "text" as const, length: 600 }];
    const result = page.evaluate(converse, { url: `${url}/served`, messages });
    const connection = await next();
    const echo = String(await connection.receive());
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
    const stream = connection.sendStream("text");
    const bytes = Buffer.from(echo);
    for (let at = 0; at < bytes.length; at += 7) stream.write(bytes.subarray(at, at + 7));
    stream.end();
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
    await connection.close(1000);
    expect((await result).echoes).toEqual(["same"]);
  });

  test.each([
    { name: "a code and a reason", close: { code: 4001, reason: "grüße" }, arrives: { code: 4001, reason: "grüße" } },
    { name: "1000", close: { code: 1000 }, arrives: { code: 1000, reason: "" } },
    { name: "no code", close: {}, arrives: { code: 1005, reason: "" } },
  ])("we see it close with $name, and it sees our answer", async ({ close, arrives }) => {
    const result = page.evaluate(converse, { url: `${url}/served`, close });
    const { peerClose, clean } = await (await next()).closed;
    expect({ peerClose, clean }).toEqual({ peerClose: arrives, clean: true });
    expect((await result).close).toEqual({ code: arrives.code, reason: expect.any(String), wasClean: true });
  });

  test.each([
    { code: 4002, reason: "grüße" },
    { code: 1011, reason: "" },
    { code: 1005, reason: "" },
  ])("it sees us close with $code, and we see its answer", async ({ code, reason }) => {
    const result = page.evaluate(converse, { url: `${url}/served` });
    const connection = await next();
    expect(await connection.close(code, reason)).toMatchObject({ peerClose: { code }, clean: true });
    expect((await result).close).toEqual({ code, reason, wasClean: true });
  });

  test("it sees 1006 where we are gone", async () => {
    const result = page.evaluate(converse, { url: `${url}/served` });
    (await next()).abort();
    expect((await result).close).toEqual({ code: 1006, reason: "", wasClean: false });
  });

  test.each([
    { name: "401", path: "/secret", host: "127.0.0.1" },
    { name: "403, since the page is of another origin", path: "/echo", host: "localhost" },
  ])("it sees 1006 where we refuse: $name", async ({ path, host }) => {
    const result = await page.evaluate(converse, { url: url.replace("127.0.0.1", host) + path });
    expect(result.close).toEqual({ code: 1006, reason: "", wasClean: false });
  });

  test("it sees 1001 when we close the server", async () => {
    const result = page.evaluate(converse, { url: `${url}/served` });
    const connection = await next();
    void server.close({ drainMs: 5_000 });
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
    expect((await result).close).toEqual({ code: 1001, reason: "", wasClean: true });
  });
});
