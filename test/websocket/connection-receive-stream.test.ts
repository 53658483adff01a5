import { text as textOf } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import type { IncomingMessage } from "../../src/websocket/handler.ts";
import { hex } from "../support/bits.ts";
import { connectionPair } from "../support/connection-pair.ts";
import { settled, setUpAsking } from "../support/websocket-peer.ts";

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the WebSocket is over");
  return value;
}

describe("receiveStream", () => {
  test("gives a message as soon as it begins, and the rest as it comes", async () => {
    const { connection, peer } = setUpAsking();
    const waiting = connection.receiveStream();
    peer.send(peer.frame(Opcode.Text, "", "more"));
    const { type, body } = present(await waiting);
    expect(type).toBe("text");
    peer.send(peer.frame(Opcode.Continuation, "one, ", "more"), peer.frame(Opcode.Ping, "?"));
    await settled();
    expect(String(body.read())).toBe("one, ");
    peer.send(peer.frame(Opcode.Continuation, "two"));
    expect(await textOf(body)).toBe("two");
    expect(peer.heard).toEqual(["Pong ?"]);
  });

  test("takes over what is held of a message that has begun", async () => {
    const { connection, peer } = setUpAsking();
    peer.send(peer.frame(Opcode.Text, "begun ", "more"), peer.frame(Opcode.Continuation, "and ended").subarray(0, 10));
    await settled();
    const { body } = present(await connection.receiveStream());
    await settled();
    expect(String(body.read())).toBe("begun and ");
    peer.send(peer.frame(Opcode.Continuation, "and ended").subarray(10));
    expect(await textOf(body)).toBe("ended");
  });

  test("and receive take turns, as they are called", async () => {
    const { connection, peer } = setUpAsking();
    const asked = [connection.receive(), connection.receiveStream(), connection.receive()] as const;
    peer.text("one", "two", "three", "four");
    expect(await asked[0]).toBe("one");
    expect(await textOf(present(await asked[1]).body)).toBe("two");
    expect(await asked[2]).toBe("three");
    expect(await textOf(present(await connection.receiveStream()).body)).toBe("four");
  });

  test("gives a compressed message in one part", async () => {
    const direction = { windowBits: 15, contextTakeover: true };
    const deflate = (): PermessageDeflate => new PermessageDeflate({ outgoing: direction, incoming: direction });
    const { client, server } = connectionPair({
      client: { extensions: [deflate()] },
      server: { extensions: [deflate()] },
    });
    const waiting = server.receiveStream();
    await client.send("z".repeat(5_000));
    const chunks: Buffer[] = [];
    for await (const chunk of present(await waiting).body) chunks.push(chunk as Buffer);
    expect(chunks.map(({ length }) => length)).toEqual([5_000]);
  });

  test("that gave up takes no message from the next call", async () => {
    const { connection, peer } = setUpAsking();
    const abort = new AbortController();
    const given = connection.receiveStream({ signal: abort.signal });
    abort.abort();
    await expect(given).rejects.toThrow("aborted");
    peer.text("whole");
    expect(await connection.receive()).toBe("whole");
  });
});

describe("a body", () => {
  test("that nobody reads holds the peer, and Pings wait; read, it lets go", async () => {
    const { connection, peer, incoming } = setUpAsking({}, { maxMessageBytes: Infinity, pair: { chunkBytes: 10_000 } });
    const waiting = connection.receiveStream();
    peer.send(peer.frame(Opcode.Binary, new Uint8Array(1_000_000)), peer.frame(Opcode.Ping));
    const { body } = present(await waiting);
    await settled();
    expect(incoming.bytes).toBeLessThan(100_000);
    expect(peer.stream.bufferedBytes).toBeGreaterThan(850_000);
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(1_000_000);
    await settled();
    expect(peer.heard).toEqual(["Pong"]);
  });

  test("that is destroyed drops the rest of its message, and the next one comes", async () => {
    const { connection, peer } = setUpAsking({}, { maxMessageBytes: Infinity, pair: { chunkBytes: 10_000 } });
    const waiting = connection.receiveStream();
    peer.send(peer.frame(Opcode.Binary, new Uint8Array(500_000)), peer.frame(Opcode.Text, "next"));
    present(await waiting).body.destroy();
    expect(await connection.receive()).toBe("next");
    expect(connection.state).toBe("open");
  });

  test.each([
    { name: "by the transport", end: "end", code: "WS_NOT_OPEN" },
    { name: "by a Close", end: "close", code: "WS_NOT_OPEN" },
    { name: "by a broken rule", end: "rule", code: "WS_TEXT_NOT_UTF8" },
    { name: "by ourselves", end: "own", code: "WS_NOT_OPEN" },
  ])("ends with an error where the WebSocket ends within it, $name", async ({ end, code }) => {
    const { connection, peer } = setUpAsking();
    const waiting = connection.receiveStream();
    peer.send(peer.frame(Opcode.Text, "begun", "more"));
    const { body } = present(await waiting);
    const failed = textOf(body).catch((error: unknown) => error);
    await settled();
    if (end === "end") peer.stream.end();
    if (end === "close") peer.close(1000);
    if (end === "rule") peer.send(peer.frame(Opcode.Continuation, hex("ff")));
    if (end === "own") void connection.close();
    expect(await failed).toMatchObject({ code });
  });

  test("that nobody listens to ends no process with the WebSocket", async () => {
    const { connection, peer } = setUpAsking();
    const waiting = connection.receiveStream();
    peer.send(peer.frame(Opcode.Text, "begun", "more"));
    const { body } = present(await waiting);
    peer.stream.abort("cancel");
    await settled();
    expect(body.destroyed).toBe(true);
  });

  test("that is complete outlives the WebSocket", async () => {
    const { connection, peer } = setUpAsking();
    const waiting = connection.receiveStream();
    peer.text("all of it");
    peer.close(1000);
    const { body } = present(await waiting);
    await connection.closed;
    expect(await textOf(body)).toBe("all of it");
  });
});

describe("onMessageStream", () => {
  test("takes one message after the other, each while its promise is open", async () => {
    const read: string[] = [];
    const { peer } = setUpAsking({
      async onMessageStream(_, { type, body }) {
        read.push(`${type} begins`);
        read.push(await textOf(body));
      },
    });
    peer.send(peer.frame(Opcode.Text, "a", "more"));
    await settled();
    expect(read).toEqual(["text begins"]);
    peer.send(peer.frame(Opcode.Continuation, "b"), peer.frame(Opcode.Binary, "c"), peer.frame(Opcode.Close));
    await vi.waitFor(() => expect(read).toEqual(["text begins", "ab", "binary begins", "c"]));
  });

  test("drops what it leaves unread, of any length", async () => {
    const begun: string[] = [];
    const { peer, incoming } = setUpAsking(
      { onMessageStream: (_, { type }) => void begun.push(type) },
      { maxMessageBytes: Infinity, pair: { chunkBytes: 10_000 } },
    );
    peer.send(peer.frame(Opcode.Binary, new Uint8Array(400_000)), peer.frame(Opcode.Text, "next"));
    await settled();
    expect(begun).toEqual(["binary", "text"]);
    expect(incoming.text).toBe(1);
  });

  test("may leave unread thousands that come in one read", async () => {
    let begun = 0;
    const { connection, peer } = setUpAsking({ onMessageStream: () => void begun++ });
    peer.text(...Array.from({ length: 10_000 }, () => "x"));
    await settled();
    expect(begun).toBe(10_000);
    expect(connection.state).toBe("open");
  });

  test("that throws within a message closes with 1011, and its error is told", async () => {
    const { peer, errors } = setUpAsking({
      async onMessageStream(_, { body }) {
        await new Promise((resolve) => body.once("data", resolve));
        throw new Error("no room");
      },
    });
    peer.send(peer.frame(Opcode.Text, "a", "more"), peer.frame(Opcode.Continuation, "b", "more"));
    await settled();
    expect(errors).toEqual([new Error("no room")]);
    expect(peer.heard).toEqual(["Close 1011"]);
  });

  test("echoes what is larger than any buffer, at the pace of its peer", async () => {
    const { client, server } = connectionPair({
      server: {
        maxMessageBytes: Infinity,
        maxFragments: Infinity,
        handler: {
          onMessageStream: (connection, { type, body }: IncomingMessage) => pipeline(body, connection.sendStream(type)),
        },
      },
      client: { maxMessageBytes: Infinity, maxFragments: Infinity },
    });
    const part = new Uint8Array(100_000).fill(7);
    const sent = pipeline(function* () {
      for (let index = 0; index < 100; index++) yield part;
    }, client.sendStream("binary"));
    let bytes = 0;
    for await (const chunk of present(await client.receiveStream()).body) {
      bytes += (chunk as Buffer).length;
      expect(server.bufferedBytes).toBeLessThan(1_000_000);
    }
    await sent;
    expect(bytes).toBe(10_000_000);
  });
});
