import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { closeFrame } from "../../src/protocol/frame/frame.ts";
import type { HandledConnection } from "../../src/websocket/handler.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import { nodeServer } from "../support/node-servers.ts";
import { connectFields, Flag, FrameType, headersFrame, rawFrame, RawH2Client } from "../support/raw-h2.ts";
import { serverFor, ServerWays, tcpTo, until } from "../support/server-ways.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

const handler = {};

describe.each(ServerWays)("over $way close", (way) => {
  test("sends each connection 1001, and resolves when all have answered", async () => {
    const { client, server } = await serverFor(way, { handler });
    const clients = [await WebSocketClient.open(await client()), await WebSocketClient.open(await client())];
    let isClosed = false;
    const closed = server.close().then(() => (isClosed = true));
    for (const one of clients) expect(await one.next()).toBe("Close 1001");
    clients[0]!.close(1001);
    clients[0]!.leave();
    await until(() => server.connections.size === 1);
    expect(isClosed).toBe(false);
    clients[1]!.close(1001);
    clients[1]!.leave();
    await closed;
    expect(server.connections.size).toBe(0);
  });

  test("may be given for ever, and resolves when the last one is gone", async () => {
    const { client, server } = await serverFor(way, { handler });
    const one = await WebSocketClient.open(await client());
    const closed = server.close({ drainMs: Infinity });
    expect(await one.next()).toBe("Close 1001");
    one.close(1001);
    one.leave();
    await closed;
  });

  test("sends the code and the reason it is told, and does so once", async () => {
    const { client, server } = await serverFor(way, { handler });
    const one = await WebSocketClient.open(await client());
    const first = server.close({ code: 1012, reason: "back soon" });
    const second = server.close({ code: 1000, reason: "no more" });
    expect(await one.next()).toBe("Close 1012 back soon");
    one.close(1012);
    one.leave();
    await Promise.all([first, second, server[Symbol.asyncDispose]()]);
  });

  test("cuts what has not closed in its time", async () => {
    const { client, server } = await serverFor(way, { handler, closeMs: 60_000 });
    const one = await WebSocketClient.open(await client());
    await server.close({ drainMs: 20 });
    expect(server.connections.size).toBe(0);
    expect(await one.next()).toBe("Close 1001");
  });

  test("refuses an opening that authorize is at with 503, and its signal aborts", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const {
      client: connect,
      server,
      errors,
    } = await serverFor(way, {
      handler,
      authorize: (_, { signal }) => {
        asked.resolve(signal);
        return new Promise<never>(() => undefined);
      },
    });
    const client = await connect();
    client.ask();
    const signal = await asked.promise;
    const closed = server.close();
    expect(await client.response()).toMatchObject({ status: 503, body: "This server is closing.\n" });
    expect(signal.aborted).toBe(true);
    client.leave();
    await closed;
    expect(errors).toEqual([]);
  });

  test("refuses with 503 what is asked while others still close", async () => {
    const { client, connection, server } = await serverFor(way, { handler });
    const one = await WebSocketClient.open(await client());
    const makeLate = await connection();
    const closed = server.close();
    expect(await one.next()).toBe("Close 1001");
    const late = makeLate();
    late.ask();
    expect((await late.response()).status).toBe(503);
    one.close(1001);
    one.leave();
    late.leave();
    await closed;
  });

  test("ends the loops that take connections", async () => {
    const { client, server } = await serverFor(way);
    const taken: HandledConnection[] = [];
    const loop = (async () => {
      for await (const connection of server) taken.push(connection);
    })();
    const one = await WebSocketClient.open(await client());
    await until(() => taken.length === 1);
    const closed = server.close();
    await loop;
    expect(await one.next()).toBe("Close 1001");
    one.close(1001);
    one.leave();
    await closed;
    for await (const _ of server) throw new Error("nothing comes any more");
  });
});

test("close with a code that cannot be sent rejects, and nothing has happened", async () => {
  const { client, server } = await serverFor(ServerWays[0]!, { handler });
  await expect(server.close({ code: 1005 })).rejects.toMatchObject({ code: "WS_CLOSE_CODE_INVALID", origin: "caller" });
  await WebSocketClient.open(await client());
});

test("a listen that close comes into fails, and its port is free", async () => {
  const first = new WebSocketServer({ handler });
  const { port } = await first.listen({ host: "localhost" });
  await first.close();
  const second = new WebSocketServer({ handler });
  // A name has to be looked up before anything is bound.
  const listening = second.listen({ host: "localhost", port });
  await second.close();
  await expect(listening).rejects.toThrow("stopped before it was bound");
  const third = new WebSocketServer({ handler });
  await third.listen({ host: "localhost", port });
  await third.close();
});

test("a server that closes neither listens nor attaches", async () => {
  const server = new WebSocketServer({ handler });
  await server.close();
  await expect(server.listen()).rejects.toThrow(TypeError);
  const { server: node } = await nodeServer("node:http");
  expect(() => server.attach(node)).toThrow(TypeError);
});

test("over HTTP/2 GOAWAY comes behind the last Close, and clients that stay are cut", async () => {
  const server = new WebSocketServer({ handler });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const client = new RawH2Client(await tcpTo({ host: "127.0.0.1", port }));
  await client.handshake();
  client.send(headersFrame(1, connectFields()));
  expect(await client.status(1)).toBe(200);
  const closed = server.close();
  await client.until("a Close", () => client.framesOf(FrameType.Data, 1).length > 0);
  await client.roundTrip();
  expect(client.framesOf(FrameType.GoAway)).toEqual([]);
  const close = encodeFrame(closeFrame(1001), { maskKey: Uint8Array.of(1, 2, 3, 4) });
  client.send(rawFrame(FrameType.Data, Flag.EndStream, 1, close));
  await client.until("GOAWAY", () => client.framesOf(FrameType.GoAway).length > 0);
  await closed;
  await client.until("its end", () => client.socket.readableEnded);
});

test.each(["node:http", "allowHTTP1", "node:http2"] as const)(
  "a %s server that it was attached to lives on without listeners of ours",
  async (kind) => {
    const server = new WebSocketServer({ handler });
    const events = ["upgrade", "stream", "connect"];
    const before: number[] = [];
    const { server: node } = await nodeServer(kind, undefined, (made) => {
      before.push(...events.map((event) => made.listenerCount(event)));
      server.attach(made);
    });
    await server.close();
    expect(events.map((event) => node.listenerCount(event))).toEqual(before);
    expect(node.listening).toBe(true);
  },
);
