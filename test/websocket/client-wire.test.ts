import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocketError } from "../../src/protocol/errors.ts";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import type { WebSocketConnection } from "../../src/websocket/connection.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { deadPort, ScriptedServer } from "../support/client-peers.ts";

async function startServer(options: WebSocketServerOptions = {}) {
  const handler = {
    onMessage: (connection: { send(message: string | Uint8Array): Promise<void> }, message: string | Uint8Array) =>
      connection.send(message),
  };
  const server = new WebSocketServer({ handler, ...options });
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ drainMs: 50 }));
  return { server, url: `ws://localhost:${port}/` };
}

function newClient(options: ConnectOptions): WebSocketClient {
  const client = new WebSocketClient({ closeMs: 100, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** The error that an opening rejects with. */
async function failure(opening: Promise<WebSocketConnection>): Promise<WebSocketError> {
  const error: unknown = await opening.then(
    () => new Error("it opened"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebSocketError);
  return error as WebSocketError;
}

describe.each(["h1", "h2"] as const)("a client over %s", (protocol) => {
  test("asks for what its URL and options say, and knows it of its connection", async () => {
    const asked: [string, string | undefined, string | undefined][] = [];
    const { url } = await startServer({
      subprotocols: ["chat.v2"],
      extensions: [new PermessageDeflateNegotiator()],
      origins: ["https://app.example"],
      authorize: (request) => {
        asked.push([request.path, request.field("origin"), request.field("x-token")]);
        return { type: "accept", data: undefined };
      },
    });
    const connection = await newClient({ protocol }).connect(`${url}a/b?c=d%20e`, {
      subprotocols: ["chat.v1", "chat.v2"],
      extensions: [new PermessageDeflateNegotiator()],
      origin: "https://app.example",
      fields: ["X-Token", "t"],
    });
    expect(asked).toEqual([["/a/b?c=d%20e", "https://app.example", "t"]]);
    expect([connection.subprotocol, connection.extensions]).toEqual(["chat.v2", ["permessage-deflate"]]);
    const { request } = connection;
    expect([request.httpVersion, request.url.href, request.peer.port, request.peer.tls]).toEqual([
      protocol === "h1" ? "1.1" : "2",
      `${url}a/b?c=d%20e`,
      Number(new URL(url).port),
      undefined,
    ]);
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect(await connection.close()).toMatchObject({ code: 1000, clean: true, initiator: "local" });
  });

  test("sends user and password of the URL as Authorization, unless there is one", async () => {
    const seen: (string | undefined)[] = [];
    const { url } = await startServer({
      authorize: (request) => {
        seen.push(request.field("authorization"));
        return { type: "accept", data: undefined };
      },
    });
    const client = newClient({ protocol });
    const withUser = url.replace("://", "://ada:s%3Acret@");
    await client.connect(withUser);
    await client.connect(withUser, { fields: ["Authorization", "Bearer x"] });
    expect(seen).toEqual([`Basic ${Buffer.from("ada:s:cret").toString("base64")}`, "Bearer x"]);
  });

  test.each([401, 403, 404, 429, 503])("rejects with the response where the server refuses with %i", async (status) => {
    const { url } = await startServer({
      authorize: () => ({ type: "reject", status, fields: ["x-why", "because"], body: "no entry" }),
    });
    const { code, response, closeCode } = await failure(newClient({ protocol }).connect(url));
    expect([code, response?.status, closeCode]).toEqual(["WS_OPENING_REFUSED", status, 1006]);
    expect(Buffer.from(response?.body ?? "").toString()).toBe("no entry");
    expect(response?.fields.join()).toContain("x-why,because");
  });

  test.each<{ what: string; fields: Record<string, string>; options?: ConnectOptions; code: string }>([
    { what: "a subprotocol not offered", fields: { "sec-websocket-protocol": "chat" }, code: "WS_OPENING_INVALID" },
    {
      what: "another subprotocol than those offered",
      fields: { "sec-websocket-protocol": "Chat" },
      options: { subprotocols: ["chat"] },
      code: "WS_OPENING_INVALID",
    },
    {
      what: "an extension not offered",
      fields: { "sec-websocket-extensions": "permessage-deflate" },
      code: "WS_EXTENSION_NOT_OFFERED",
    },
    {
      what: "a parameter that fits no offer",
      fields: { "sec-websocket-extensions": "permessage-deflate; server_max_window_bits=20" },
      options: { extensions: [new PermessageDeflateNegotiator()] },
      code: "WS_EXTENSION_UNACCEPTABLE",
    },
    {
      what: "an extension twice",
      fields: { "sec-websocket-extensions": "permessage-deflate, permessage-deflate" },
      options: { extensions: [new PermessageDeflateNegotiator()] },
      code: "WS_EXTENSION_NOT_OFFERED",
    },
  ])("fails an opening that is answered with $what", async ({ fields, options = {}, code }) => {
    const server = await ScriptedServer.start(protocol, () => ({ status: 101, fields }));
    expect((await failure(newClient({ protocol }).connect(server.url, options))).code).toBe(code);
  });

  test("gives up after openingMs, and leaves nothing behind", async () => {
    const server = await ScriptedServer.start(protocol, () => undefined);
    const client = newClient({ protocol });
    const { code, origin } = await failure(client.connect(server.url, { openingMs: 50 }));
    expect([code, origin]).toEqual(["WS_OPENING_TIMEOUT", "transport"]);
    await client.close();
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });

  test("gives up when its signal aborts, with the signal's reason", async () => {
    const server = await ScriptedServer.start(protocol, () => undefined);
    const client = newClient({ protocol });
    const aborting = new AbortController();
    const opening = client.connect(server.url, { signal: aborting.signal });
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    const reason = new Error("not wanted any more");
    aborting.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await expect(client.connect(server.url, { signal: aborting.signal })).rejects.toBe(reason);
    expect(server.asked).toHaveLength(1);
    await client.close();
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });

  test.each<{ what: string; options: ConnectOptions }>([
    { what: "a line feed in a field", options: { fields: ["x-a", "b\r\nx-evil: 1"] } },
    { what: "a space in a field's name", options: { fields: ["x a", "b"] } },
    { what: "a line feed in the origin", options: { origin: "https://a\r\nx-evil: 1" } },
    { what: "a subprotocol that is no token", options: { subprotocols: ["a b"] } },
    { what: "a subprotocol twice", options: { subprotocols: ["a", "a"] } },
  ])("sends nothing where its options have $what", async ({ options }) => {
    const server = await ScriptedServer.start(protocol, () => ({ status: 101 }));
    await expect(newClient({ protocol }).connect(server.url, options)).rejects.toThrow(TypeError);
    expect(server.asked).toEqual([]);
  });

  test("rejects with WS_UNREACHABLE where nobody listens", async () => {
    const { code, origin, cause } = await failure(
      newClient({ protocol }).connect(`ws://127.0.0.1:${await deadPort()}/`),
    );
    expect([code, origin]).toEqual(["WS_UNREACHABLE", "transport"]);
    expect(cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("does not follow a redirect unless it may, and then to other WebSockets", async () => {
    const server = await ScriptedServer.start(protocol, ({ path }) =>
      path === "/" ? { status: 302, fields: { location: "/next?a=1" } } : { status: 101 },
    );
    const client = newClient({ protocol, fields: ["cookie", "a=b"] });
    const { code, response } = await failure(client.connect(server.url));
    expect([code, response?.status]).toEqual(["WS_REDIRECTED", 302]);
    const connection = await client.connect(server.url, { maxRedirects: 1 });
    expect(connection.request.path).toBe("/next?a=1");
    expect(server.asked.map(({ path }) => path)).toEqual(["/", "/", "/next?a=1"]);
    expect(server.asked.at(-1)?.fields["cookie"]).toBe("a=b");
    connection.abort();
  });

  test("follows no more redirects than it may, nor out of WebSockets", async () => {
    const server = await ScriptedServer.start(protocol, ({ path }) => ({
      status: 307,
      fields: { location: path === "/page" ? "ftp://example.com/" : "/" },
    }));
    const client = newClient({ protocol, maxRedirects: 3 });
    expect((await failure(client.connect(server.url))).code).toBe("WS_REDIRECTED");
    expect(server.asked).toHaveLength(4);
    expect((await failure(client.connect(`${server.url}page`))).code).toBe("WS_REDIRECTED");
    expect(server.asked).toHaveLength(5);
  });

  test("takes no secret to another origin", async () => {
    const other = await ScriptedServer.start(protocol, () => ({ status: 101 }));
    const server = await ScriptedServer.start(protocol, () => ({ status: 308, fields: { location: other.url } }));
    const fields = ["authorization", "Bearer x", "cookie", "a=b", "x-kept", "1"];
    const connection = await newClient({ protocol }).connect(server.url, { maxRedirects: 1, fields });
    const sent = other.asked[0]?.fields ?? {};
    expect([sent["authorization"], sent["cookie"], sent["x-kept"]]).toEqual([undefined, undefined, "1"]);
    connection.abort();
  });

  test("closes its WebSockets with the client, and opens none after that", async () => {
    const { url, server } = await startServer();
    const client = new WebSocketClient({ protocol });
    const connections = await Promise.all([client.connect(url), client.connect(url)]);
    await client.close();
    for (const { closed } of connections) expect(await closed).toMatchObject({ code: 1001, clean: true });
    await vi.waitFor(() => expect(server.connections.size).toBe(0));
    await expect(client.connect(url)).rejects.toMatchObject({ code: "WS_NOT_OPEN", origin: "caller" });
  });
});

test.each(["", "chat", "ftp://example.com/", "ws://example.com/#a", "ws://example.com/#", "ws://a b/", "ws://:80/"])(
  "%j is no URL of a WebSocket",
  async (url) => {
    const { code, origin } = await failure(newClient({}).connect(url));
    expect([code, origin]).toEqual(["WS_URL_INVALID", "caller"]);
  },
);
