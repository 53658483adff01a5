import { describe, expect, test } from "vitest";
import type { Closing } from "../../src/protocol/message/connection-machine.ts";
import type { HandledConnection, WebSocketHandler } from "../../src/websocket/handler.ts";
import { serverFor, ServerWays, until } from "../support/server-ways.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

/** A handler that keeps how its connections end. */
function keepingEndings(handler: WebSocketHandler = {}) {
  const closings: Closing[] = [];
  return {
    closings,
    handler: { onClose: (_: HandledConnection, closing: Closing) => void closings.push(closing), ...handler },
  };
}

describe.each(ServerWays)("over $way a connection", (way) => {
  test("that this side closes ends at the deadline where the client never answers", async () => {
    const { closings, handler } = keepingEndings({ onOpen: (connection) => void connection.close(4000, "enough") });
    const { client, server } = await serverFor(way, { handler, closeMs: 20 });
    const one = await WebSocketClient.open(await client());
    expect(await one.next()).toBe("Close 4000 enough");
    await until(() => server.connections.size === 0);
    expect(closings).toMatchObject([{ code: 4000, clean: false }]);
  });

  test("whose client leaves without a Close ends with 1006", async () => {
    const { closings, handler } = keepingEndings();
    const { client, server } = await serverFor(way, { handler });
    const one = await WebSocketClient.open(await client());
    one.leave();
    await until(() => server.connections.size === 0);
    expect(closings).toMatchObject([{ code: 1006, clean: false }]);
  });

  test("sends what came before its Close, however much that is", async () => {
    const { handler } = keepingEndings({
      onMessage: (connection) => {
        for (let nth = 0; nth < 64; nth++) void connection.send("a".repeat(60_000));
        void connection.close(1000);
      },
    });
    const { client } = await serverFor(way, { handler, closeMs: 5_000 });
    const one = await WebSocketClient.open(await client());
    one.text("go");
    for (let nth = 0; nth < 64; nth++) expect((await one.next()).length).toBe("Text ".length + 60_000);
    expect(await one.next()).toBe("Close 1000");
    one.close(1000);
  });

  test("whose Close never left is not closed cleanly, although the client's came", async () => {
    const { closings, handler } = keepingEndings({
      onMessage: (connection) => {
        for (let nth = 0; nth < 200; nth++) void connection.send("a".repeat(60_000));
        void connection.close(1000);
      },
    });
    const { client, server } = await serverFor(way, { handler, closeMs: 500 });
    const one = await WebSocketClient.open(await client());
    one.readNothing();
    one.text("go");
    one.close(1000);
    await until(() => server.connections.size === 0);
    expect(closings).toMatchObject([{ code: 1000, peerClose: { code: 1000 }, clean: false }]);
  });

  test("that is sent more than may wait is closed with 1013, and its neighbour lives on", async () => {
    const rejections: unknown[] = [];
    const { closings, handler } = keepingEndings({
      async onMessage(connection, message) {
        if (message !== "flood") return connection.send(message);
        const floods = Array.from({ length: 40 }, () => connection.send("a".repeat(64 * 1024)));
        for (const flood of await Promise.allSettled(floods))
          if (flood.status === "rejected") rejections.push(flood.reason);
      },
    });
    const { connection } = await serverFor(way, { handler, maxBufferedBytes: 1_048_576, closeMs: 100 });
    const makeClient = await connection();
    const bad = await WebSocketClient.open(makeClient());
    const good = await WebSocketClient.open(way.httpVersion === "2" ? makeClient() : (await connection())());
    bad.text("flood");
    await until(() => closings.length === 1 && rejections.length > 0);
    expect(rejections).toContainEqual(expect.objectContaining({ code: "WS_BUFFER_FULL" }));
    expect(closings).toMatchObject([{ code: 1013 }]);
    good.text("here");
    expect(await good.next()).toBe("Text here");
  });

  test("on which nothing comes is asked by a Ping, and cut when that is not answered", async () => {
    const { closings, handler } = keepingEndings();
    const { client, server } = await serverFor(way, { handler, pingIntervalMs: 20, pongMs: 20 });
    const one = await WebSocketClient.open(await client());
    expect(await one.next()).toMatch(/^Ping/);
    await until(() => server.connections.size === 0);
    expect(closings).toMatchObject([{ code: 1006, clean: false }]);
  });

  test.each<{ whose: string; held: WebSocketHandler; messages: number }>([
    { whose: "whose handler is stuck", held: { onMessage: () => new Promise(() => {}) }, messages: 2 },
    { whose: "whose messages nobody receives", held: {}, messages: 66 },
  ])("$whose is over when its client is gone", async ({ held, messages }) => {
    const { closings, handler } = keepingEndings(held);
    const { client, server } = await serverFor(way, { handler, maxConnections: 1, pingIntervalMs: 20, pongMs: 20 });
    const one = await WebSocketClient.open(await client());
    for (let nth = 0; nth < messages; nth++) one.text("not taken");
    // A sign of life instead of a Ping: nothing is read any more.
    while (!(await one.next()).startsWith("Pong"));
    one.leave();
    await until(() => server.connections.size === 0);
    expect(closings).toMatchObject([{ code: 1006, clean: false }]);
    expect((await WebSocketClient.open(await client())).response.status).toBeLessThan(300);
  });

  test("on which no message goes is closed with 1001 when it was idle for long", async () => {
    const { client, server } = await serverFor(way, { handler: {}, idleMs: 20, closeMs: 20 });
    const one = await WebSocketClient.open(await client());
    expect(await one.next()).toMatch(/^Close 1001/);
    await until(() => server.connections.size === 0);
  });
});
