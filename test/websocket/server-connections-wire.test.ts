import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { textFrame } from "../../src/protocol/frame/frame.ts";
import type { Closing } from "../../src/protocol/message/connection-machine.ts";
import type { HandledConnection, WebSocketHandler } from "../../src/websocket/handler.ts";
import type { WebSocketServer } from "../../src/websocket/server.ts";
import type { Authorize } from "../../src/websocket/server-options.ts";
import { serverFor, ServerWays, until } from "../support/server-ways.ts";
import { textBytes, WebSocketClient } from "../support/websocket-client.ts";

const echo: WebSocketHandler = { onMessage: (connection, message) => connection.send(message) };

function failOnBad({ request }: HandledConnection): void {
  if (request.path === "/bad") throw new Error("the handler's");
}

/** Takes `count` connections of `server`. */
async function take<Data>(server: WebSocketServer<Data>, count: number): Promise<HandledConnection<Data>[]> {
  const taken: HandledConnection<Data>[] = [];
  for await (const connection of server) if (taken.push(connection) === count) break;
  return taken;
}

describe.each(ServerWays)("over $way a connection", (way) => {
  test("is told open, message and close, in this order", async () => {
    const told: string[] = [];
    const closed = Promise.withResolvers<Closing>();
    const { client: connect } = await serverFor(way, {
      handler: {
        onOpen: () => void told.push("open"),
        onMessage: (_, message) => void told.push(String(message)),
        onClose: (_, closing) => closed.resolve(closing),
      },
    });
    const client = await WebSocketClient.open(await connect());
    client.text("one");
    client.text("two");
    client.close(3000, "bye");
    expect(await closed.promise).toMatchObject({ code: 3000, reason: "bye", clean: true });
    expect(told).toEqual(["open", "one", "two"]);
    expect(await client.next()).toBe("Close 3000");
  });

  test("gets the frames that came on the heels of its request", async () => {
    const { client: connect } = await serverFor(way, { handler: echo });
    const client = await WebSocketClient.open(await connect(), {}, textBytes("early"));
    expect(await client.next()).toBe("Text early");
  });

  test("sends without having got anything", async () => {
    const { client: connect } = await serverFor(way, { handler: { onOpen: (connection) => connection.send("hello") } });
    expect(await (await WebSocketClient.open(await connect())).next()).toBe("Text hello");
  });

  test("knows what was asked for, by whom, and what authorize has found out", async () => {
    const authorize: Authorize<{ user: string }> = (request) => ({
      type: "accept",
      data: { user: request.cookies.get("user") ?? "nobody" },
    });
    const { client, server } = await serverFor<{ user: string }>(way, { authorize });
    const [[connection]] = await Promise.all([
      take(server, 1),
      WebSocketClient.open(await client(), {
        path: "/room/7?who=me",
        authority: "example.com:8080",
        fields: [
          ["Cookie", "user=ann; user=bob"],
          ["X-Own", "a"],
        ],
      }),
    ]);
    const request = connection!.request;
    expect(request.data.user).toBe("ann");
    expect(request.url.href).toBe(`${way.kind === "allowHTTP1" ? "wss" : "ws"}://example.com:8080/room/7?who=me`);
    expect(request.field("x-own")).toBe("a");
    expect(request.httpVersion).toBe(way.httpVersion);
    expect(request.peer).toMatchObject({ address: "127.0.0.1", port: expect.any(Number) });
    expect(request.peer.tls?.serverName).toBe(way.kind === "allowHTTP1" ? "localhost" : undefined);
  });

  test.each<{ fault: string; bytes: Uint8Array; code: number; limits?: object }>([
    { fault: "a frame without a mask", bytes: encodeFrame(textFrame("a"), {}), code: 1002 },
    { fault: "a reserved opcode", bytes: Uint8Array.of(0x83, 0x80, 0, 0, 0, 0), code: 1002 },
    { fault: "text that is not UTF-8", bytes: Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0xff), code: 1007 },
    { fault: "a message beyond its limit", bytes: textBytes("12345"), code: 1009, limits: { maxMessageBytes: 4 } },
  ])(
    "is closed with $code for $fault, told as a failure, and its neighbour lives on",
    async ({ bytes, code, limits }) => {
      const failures: unknown[] = [];
      const { connection, errors } = await serverFor(way, {
        ...limits,
        handler: { ...echo, onError: (_, error) => void failures.push(error) },
      });
      const [bad, good] = await pairOf(connection);
      bad.sendRaw(bytes);
      expect(await bad.next()).toContain(`Close ${code}`);
      expect(failures).toEqual([expect.objectContaining({ closeCode: code, origin: "peer" })]);
      good.text("here");
      expect(await good.next()).toBe("Text here");
      expect(errors).toEqual([]);
    },
  );

  test.each<{ method: string; handler: WebSocketHandler }>([
    { method: "onOpen", handler: { ...echo, onOpen: failOnBad } },
    {
      method: "onMessage",
      handler: {
        onMessage(one, message) {
          failOnBad(one);
          return one.send(message);
        },
      },
    },
  ])(
    "whose $method throws is closed with 1011, the server is told, and its neighbour lives on",
    async ({ handler }) => {
      const { connection, server, errors } = await serverFor(way, { handler });
      const [bad, good] = await pairOf(connection, "/bad");
      bad.text("a");
      expect(await bad.next()).toMatch(/^Close 1011/);
      expect(errors).toEqual([new Error("the handler's")]);
      good.text("here");
      expect(await good.next()).toBe("Text here");
      bad.close(1011);
      await until(() => server.connections.size === 1);
    },
  );

  test("that fails has given its place back", async () => {
    const { client, server } = await serverFor(way, {
      maxConnections: 1,
      handler: {
        onOpen: () => {
          throw new Error("the handler's");
        },
      },
    });
    for (let nth = 0; nth < 3; nth++) {
      const one = await WebSocketClient.open(await client());
      expect(await one.next()).toMatch(/^Close 1011/);
      one.close(1011);
      one.leave();
      await until(() => server.connections.size === 0);
    }
  });

  test("is handed to for await, each once, and to one loop of several", async () => {
    const { client, server } = await serverFor(way);
    const loops = Promise.all([take(server, 1), take(server, 1)]);
    const clients = [await WebSocketClient.open(await client()), await WebSocketClient.open(await client())];
    const [[first], [second]] = await loops;
    expect(first).not.toBe(second);
    expect(new Set(server.connections)).toEqual(new Set([first, second]));
    clients[0]!.text("hello");
    expect(await first!.receive()).toBe("hello");
    await first!.send("back");
    expect(await clients[0]!.next()).toBe("Text back");
  });

  test("that nobody takes waits, and one more than may wait is refused with 503", async () => {
    const { client, server } = await serverFor(way, { maxBacklog: 1 });
    const waiting = await WebSocketClient.open(await client());
    const refused = await client();
    refused.ask();
    expect(await refused.response()).toMatchObject({
      status: 503,
      body: "Nobody takes WebSockets here at the moment.\n",
    });
    const [taken] = await take(server, 1);
    waiting.text("still here");
    expect(await taken!.receive()).toBe("still here");
    await WebSocketClient.open(await client());
  });
});

describe.each(ServerWays)("over $way an endpoint", (way) => {
  const naming = (name: string): WebSocketHandler => ({ onOpen: (connection) => connection.send(name) });

  test.each([
    { path: "/exact", name: "exact" },
    { path: "/ex%61ct?query", name: "exact" },
    { path: "/exact/", name: "own" },
    { path: "/below/", name: "below" },
    { path: "/below/a/b", name: "below" },
    { path: "/below", name: "own" },
    { path: "/picked?yes", name: "picked" },
    { path: "/picked", name: "own" },
    { path: "/exact/../below/a", name: "own" },
  ])("takes what its path fits, the first one first: $path is $name", async ({ path, name }) => {
    const { client } = await serverFor(way, {
      handler: naming("own"),
      endpoints: [
        { path: "/exact", handler: naming("exact") },
        { path: "/below/*", handler: naming("below") },
        { path: (request) => request.path === "/picked?yes", handler: naming("picked") },
        { path: "/exact", handler: naming("never") },
      ],
    });
    expect(await (await WebSocketClient.open(await client(), { path })).next()).toBe(`Text ${name}`);
  });

  test("leaves what no path fits to 404 where the server has no handler", async () => {
    const { client: connect } = await serverFor(way, { endpoints: [{ path: "/chat", handler: {} }] });
    const client = await connect();
    client.ask({ path: "/other" });
    expect(await client.response()).toMatchObject({ status: 404, body: "There is no WebSocket here.\n" });
  });

  test("keeps the server's rules where it has none of its own", async () => {
    const { client } = await serverFor(way, {
      handler: {},
      maxMessageBytes: 4,
      authorize: ({ path }) => (path === "/open" ? { type: "accept", data: 1 } : { type: "reject", status: 401 }),
      endpoints: [
        { path: "/closed" },
        { path: "/any", origins: "any", authorize: () => ({ type: "accept", data: 2 }) },
        { path: "/open", maxMessageBytes: 8, handler: echo, subprotocols: ["a"] },
      ],
    });
    const statusOf = async (path: string, origin: string) => {
      const one = await client();
      one.ask({ path, fields: [["Origin", origin]] });
      return (await one.response()).status;
    };
    const own = way.kind === "allowHTTP1" ? "https://example.com" : "http://example.com";
    const foreign = "https://evil.example";
    const yes = way.httpVersion === "2" ? 200 : 101;
    expect([await statusOf("/closed", foreign), await statusOf("/closed", own)]).toEqual([403, 401]);
    expect([await statusOf("/any", foreign), await statusOf("/open", foreign)]).toEqual([yes, 403]);
    const large = await WebSocketClient.open(await client(), {
      path: "/open",
      fields: [["Sec-WebSocket-Protocol", "a"]],
    });
    expect(large.response.fields).toContainEqual(["sec-websocket-protocol", "a"]);
    large.text("12345678");
    expect(await large.next()).toBe("Text 12345678");
    large.text("123456789");
    expect(await large.next()).toMatch(/^Close 1009/);
  });
});

/** Two WebSockets: over HTTP/2 two streams of one connection. */
async function pairOf(connection: () => Promise<() => Parameters<typeof WebSocketClient.open>[0]>, path = "/chat") {
  const client = await connection();
  const first = await WebSocketClient.open(client(), { path });
  const isShared = first.response.status === 200;
  const second = await WebSocketClient.open(isShared ? client() : (await connection())());
  return [first, second] as const;
}
