import { text as textOf } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import type { Frame } from "../../src/protocol/frame/frame.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import type { HandledConnection } from "../../src/websocket/handler.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { hex } from "../support/bits.ts";
import { serverFor, ServerWays, type ServerWay } from "../support/server-ways.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

function frame(opcode: Opcode, payload: string | Uint8Array = "", fin: "fin" | "more" = "fin"): Frame {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return { fin: fin === "fin", rsv: 0, opcode, payload: bytes };
}

/** A client, and the server's connection to it, whose messages wait to be asked for. */
async function ends(way: ServerWay, options: WebSocketServerOptions<undefined> = {}) {
  const { server, client } = await serverFor<undefined>(way, options);
  const peer = await WebSocketClient.open(await client());
  for await (const connection of server) return { peer, connection };
  throw new Error("no connection came");
}

async function streamOf(connection: HandledConnection) {
  const message = await connection.receiveStream();
  if (!message) throw new Error("the WebSocket is over");
  return message;
}

describe.each(ServerWays)("over $way", (way) => {
  test("messages wait for receive, and what came before the Close is delivered", async () => {
    const { peer, connection } = await ends(way);
    peer.text("one");
    peer.text("two");
    peer.close(4001, "enough");
    expect(await connection.receive()).toBe("one");
    const rest: unknown[] = [];
    for await (const message of connection) rest.push(message);
    expect(rest).toEqual(["two"]);
    expect(await connection.closed).toMatchObject({ code: 4001, reason: "enough", initiator: "peer", clean: true });
  });

  test("a peer whose messages nobody takes is held, and goes on when they are taken", async () => {
    const { peer, connection } = await ends(way);
    const message = new Uint8Array(100_000);
    const sent = 30;
    for (let nth = 0; nth < sent; nth++) peer.send(frame(Opcode.Binary, message));
    peer.send(frame(Opcode.Ping, "behind"));
    const pong = peer.next();
    for (let nth = 0; nth < sent; nth++) expect(await connection.receive({ timeoutMs: 5_000 })).toHaveLength(100_000);
    expect(await pong).toBe("Pong behind");
  });

  test("a message in parts is there as it begins, and UTF-8 is checked as it comes", async () => {
    const { peer, connection } = await ends(way);
    peer.send(frame(Opcode.Text, "begun, ", "more"));
    const good = await streamOf(connection);
    peer.send(frame(Opcode.Ping, "between"));
    expect(await peer.next()).toBe("Pong between");
    peer.send(frame(Opcode.Continuation, "ended"));
    expect(await textOf(good.body)).toBe("begun, ended");
    peer.send(frame(Opcode.Text, "begun, ", "more"));
    const bad = await streamOf(connection);
    const failed = textOf(bad.body).catch((error: unknown) => error);
    peer.send(frame(Opcode.Continuation, hex("ff"), "more"));
    expect(await peer.next()).toMatch(/^Close 1007/);
    expect(await failed).toMatchObject({ code: "WS_TEXT_NOT_UTF8" });
  });

  test("a large message goes through in parts, there and back, within a buffer", async () => {
    const { peer, connection } = await ends(way, { maxMessageBytes: Infinity, maxFragments: Infinity });
    const bytes = 2_000_000;
    const part = new Uint8Array(100_000);
    peer.send(frame(Opcode.Binary, part, "more"));
    const { type, body } = await streamOf(connection);
    const echoed = pipeline(body, connection.sendStream(type));
    for (let nth = 2; nth <= 20; nth++) peer.send(frame(Opcode.Continuation, part, nth === 20 ? "fin" : "more"));
    let heard = 0;
    let most = 0;
    for (;;) {
      const line = await peer.next();
      most = Math.max(most, connection.bufferedBytes);
      const payload = line.slice(line.indexOf(" ") + 1);
      if (payload === "Continuation") break;
      heard += payload.length;
    }
    await echoed;
    expect(heard).toBe(bytes);
    expect(most).toBeLessThan(500_000);
  });

  test("control frames go between the parts of what is sent, and one that breaks off is 1011", async () => {
    const { peer, connection } = await ends(way);
    const stream = connection.sendStream("text");
    stream.write("begun");
    expect(await peer.next()).toBe("Text begun");
    peer.send(frame(Opcode.Ping, "?"));
    expect(await peer.next()).toBe("Pong ?");
    stream.destroy();
    expect(await peer.next()).toBe("Close 1011");
    peer.close(1011);
    expect(await connection.closed).toMatchObject({ code: 1011, initiator: "local", clean: true });
  });

  test.each([Opcode.Ping, Opcode.Pong])("control frames (%s) beyond their rate are 1008", async (opcode) => {
    const { peer, connection } = await ends(way, { controlFrameBurst: 5, controlFramesPerSecond: 0.001 });
    const waiting = connection.receive();
    for (let nth = 0; nth < 6; nth++) peer.send(frame(opcode));
    const heard = [await peer.next()];
    while (heard.at(-1) === "Pong") heard.push(await peer.next());
    expect(heard).toHaveLength(opcode === Opcode.Ping ? 6 : 1);
    expect(heard.at(-1)).toMatch(/^Close 1008/);
    expect(await waiting).toBeUndefined();
    expect((await connection.closed).error).toMatchObject({ code: "WS_TOO_MANY_CONTROL_FRAMES" });
  });

  test("empty fragments count among those that a message may have", async () => {
    const { peer, connection } = await ends(way, { maxFragments: 3 });
    const waiting = connection.receive();
    for (let nth = 0; nth < 4; nth++) peer.send(frame(nth === 0 ? Opcode.Text : Opcode.Continuation, "", "more"));
    expect(await peer.next()).toMatch(/^Close 1008/);
    expect(await waiting).toBeUndefined();
    expect((await connection.closed).error).toMatchObject({ code: "WS_TOO_MANY_FRAGMENTS" });
  });

  test("ping tells the round trip, by the payload of its Pong", async () => {
    const { peer, connection } = await ends(way);
    const trip = connection.ping();
    expect(await peer.next()).toMatch(/^Ping/);
    peer.send(frame(Opcode.Pong, "unsolicited"));
    const answer = new Uint8Array(8);
    new DataView(answer.buffer).setFloat64(0, 1);
    peer.send(frame(Opcode.Pong, answer));
    expect(await trip).toBeGreaterThan(0);
    peer.leave();
    await expect(connection.ping({ timeoutMs: 5_000 })).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
  });

  test("a reason too long for a Close is cut at a character, and the Close leaves", async () => {
    const { peer, connection } = await ends(way);
    const closing = connection.close(4000, "é".repeat(100));
    expect(await peer.next()).toBe(`Close 4000 ${"é".repeat(61)}`);
    peer.close(4000);
    expect(await closing).toMatchObject({ code: 4000, reason: "é".repeat(61), initiator: "local", clean: true });
  });

  test("a code that may not be sent is refused at once, and nothing has changed", async () => {
    const { peer, connection } = await ends(way);
    expect(() => connection.close(1006)).toThrow(expect.objectContaining({ code: "WS_CLOSE_CODE_INVALID" }));
    expect(connection.state).toBe("open");
    await connection.send("still here");
    expect(await peer.next()).toBe("Text still here");
  });
});
