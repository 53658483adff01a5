import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import type { ByteConsumer, ByteStream } from "../../src/transport/byte-stream.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { askedFor } from "../support/asked-for.ts";
import { hex } from "../support/bits.ts";
import { closePayload, settled, setUp } from "../support/websocket-peer.ts";

const echo: WebSocketHandler = {
  onMessage: (connection, message) => connection.send(message),
};

/** A promise and the way to settle it. */
function gate() {
  return Promise.withResolvers<void>();
}

describe("messages", () => {
  test("reach the handler behind onOpen, in order and as what they are", async () => {
    const { peer, told } = setUp();
    peer.text("before onOpen could be called", "second");
    peer.send(peer.frame(Opcode.Binary, hex("01 02 03")));
    await settled();
    expect(told).toEqual(["open", "before onOpen could be called", "second", "3 bytes"]);
  });

  test("are answered on the same connection", async () => {
    const { peer } = setUp(echo);
    peer.text("Hello", "€");
    peer.send(peer.frame(Opcode.Binary, new Uint8Array(70_000)));
    await settled();
    expect(peer.heard).toEqual(["Text Hello", "Text €", "Binary 70000"]);
  });

  test("are counted both ways", async () => {
    const { peer, incoming, outgoing } = setUp(echo);
    peer.send(
      peer.frame(Opcode.Text, "abc", "more"),
      peer.frame(Opcode.Ping, "?"),
      peer.frame(Opcode.Continuation, "d"),
    );
    await settled();
    expect(incoming).toMatchObject({ bytes: 23, continuation: 1, text: 1, binary: 0, close: 0, ping: 1, pong: 0 });
    expect(outgoing).toMatchObject({ bytes: 9, continuation: 0, text: 1, binary: 0, close: 0, ping: 0, pong: 1 });
  });

  test("that begin an unfinished one cost nothing but its Pongs", async () => {
    const { peer, told } = setUp(echo);
    peer.send(peer.frame(Opcode.Text, "abc", "more"), peer.frame(Opcode.Ping, "still there?"));
    await settled();
    expect(peer.heard).toEqual(["Pong still there?"]);
    expect(told).toEqual(["open"]);
  });

  test("a handler knows the request and the subprotocol", () => {
    const request = askedFor("/chat");
    const { connection } = setUp({}, { request, subprotocol: "chat" });
    expect([connection.request, connection.subprotocol]).toEqual([request, "chat"]);
    expect(connection.request.url.href).toBe("ws://a.test/chat");
  });
});

describe.each([
  { lifetime: "kept", chunkBytes: 65_536 },
  { lifetime: "call", chunkBytes: 65_536 },
  { lifetime: "call", chunkBytes: 1 },
] as const)("one message is in work at a time ($lifetime, chunks of $chunkBytes)", (pair) => {
  test("while its promise is open nothing else is handed over or answered, and the peer is held", async () => {
    const first = gate();
    const onMessage: WebSocketHandler["onMessage"] = (_, message) => (message === "first" ? first.promise : undefined);
    const { peer, told } = setUp({ onMessage }, { pair });
    peer.text("first", "second");
    await settled();
    peer.send(peer.frame(Opcode.Ping, "?"), peer.frame(Opcode.Binary, new Uint8Array(90_000)));
    peer.text("last");
    await settled();
    expect(told).toEqual(["open", "first"]);
    expect(peer.heard).toEqual([]);
    expect(peer.stream.bufferedBytes).toBeGreaterThan(90_000);
    first.resolve();
    await settled();
    expect(told).toEqual(["open", "first", "second", "90000 bytes", "last"]);
    expect(peer.heard).toEqual(["Pong ?"]);
    expect(peer.stream.bufferedBytes).toBe(0);
  });

  test("onOpen's promise holds them back too", async () => {
    const opening = gate();
    const { peer, told } = setUp({ onOpen: () => opening.promise }, { pair });
    peer.text("early");
    await settled();
    expect(told).toEqual(["open"]);
    opening.resolve();
    await settled();
    expect(told).toEqual(["open", "early"]);
  });

  test("what came before a Close is answered before the Close", async () => {
    const { peer, told } = setUp(
      {
        async onMessage(connection, message) {
          await settled();
          await connection.send(message);
        },
      },
      { pair },
    );
    peer.send(peer.frame(Opcode.Text, "a"), peer.frame(Opcode.Text, "b"), peer.frame(Opcode.Close, closePayload(1000)));
    peer.stream.end();
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(peer.heard).toEqual(["Text a", "Text b", "Close 1000", "END"]);
    expect(told).toEqual(["open", "a", "b", "close 1000"]);
  });

  test("what came before a broken rule is handed over before it", async () => {
    const { peer, told, errors } = setUp({ onMessage: () => settled() }, { pair });
    peer.send(
      peer.frame(Opcode.Text, "a"),
      peer.frame(Opcode.Text, "b"),
      hex("83 80 00000000"),
      peer.frame(Opcode.Text, "c"),
    );
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(told).toEqual(["open", "a", "b", "error", "close 1002"]);
    expect(errors).toEqual([expect.objectContaining({ code: "WS_OPCODE_RESERVED" })]);
    expect(peer.heard).toEqual([expect.stringContaining("Close 1002"), "END"]);
  });
});

test("whatever takes its time, and however the bytes are cut, an echo echoes everything in order", async () => {
  const anyTexts = fc.array(fc.string({ maxLength: 20 }), { maxLength: 12 });
  const anyPair = fc.record({
    lifetime: fc.constantFrom("kept" as const, "call" as const),
    chunkBytes: fc.integer({ min: 1, max: 40 }),
    highWaterBytes: fc.integer({ min: 1, max: 100 }),
  });
  await fc.assert(
    fc.asyncProperty(anyTexts, anyPair, fc.infiniteStream(fc.nat(2)), async (texts, pair, delays) => {
      const { peer } = setUp(
        {
          onMessage(connection, message) {
            const delay = delays.next().value ?? 0;
            if (delay === 0) return connection.send(message);
            if (delay === 1) {
              void connection.send(message);
              return undefined;
            }
            return Promise.resolve().then(() => connection.send(message));
          },
        },
        { pair },
      );
      peer.text(...texts);
      await settled();
      expect(peer.heard).toEqual(texts.map((text) => `Text ${text}`.trim()));
    }),
    { numRuns: 200 },
  );
});

describe("send", () => {
  const pair = { highWaterBytes: 1_000 };

  test("resolves at once while there is room", async () => {
    const { connection } = setUp({}, { pair });
    await expect(connection.send("x")).resolves.toBeUndefined();
  });

  test("waits while the peer takes nothing, and goes on when it does", async () => {
    const { connection, peer } = setUp({}, { pair });
    await settled();
    peer.stream.pause();
    const sent = connection.send(new Uint8Array(2_000));
    await expect(Promise.race([sent, settled().then(() => "waits")])).resolves.toBe("waits");
    expect(connection.bufferedBytes).toBeGreaterThan(1_999);
    peer.stream.resume();
    await sent;
    expect(peer.heard).toEqual(["Binary 2000"]);
  });

  test("keeps the order of the calls, waited for or not", async () => {
    const { connection, peer } = setUp({}, { pair });
    await Promise.all(["a", "b", "c"].map((text) => connection.send(text.repeat(600))));
    expect(peer.heard).toEqual(["a", "b", "c"].map((text) => `Text ${text.repeat(600)}`));
  });

  test("rejects after our Close, and a rejection nobody waits for harms nobody", async () => {
    const { connection, peer } = setUp();
    void connection.close();
    void connection.send("nobody waits");
    await expect(connection.send("late")).rejects.toMatchObject({ code: "WS_NOT_OPEN", origin: "caller" });
    await settled();
    expect(peer.heard).toEqual(["Close 1000"]);
  });

  test("rejects while it waits, if the stream closes", async () => {
    const { connection, peer } = setUp({}, { pair });
    peer.stream.pause();
    const sent = connection.send(new Uint8Array(2_000));
    peer.stream.abort("cancel");
    await expect(sent).rejects.toMatchObject({ code: "WS_NOT_OPEN", origin: "transport" });
  });

  test("refuses what is no message, and stays open", async () => {
    const { connection, peer } = setUp();
    // A handler in JavaScript may do this.
    await expect(connection.send(new ArrayBuffer(1) as unknown as Uint8Array)).rejects.toThrow(TypeError);
    await connection.send("fine");
    await settled();
    expect(peer.heard).toEqual(["Text fine"]);
  });

  test("ends a connection whose handler never waits, before memory does", async () => {
    const { connection, peer, endings, limitsHit, errors } = setUp({}, { pair, maxBufferedBytes: 1_000_000 });
    await settled();
    peer.stream.pause();
    const sent = Array.from({ length: 40 }, () => connection.send(new Uint8Array(100_000)));
    expect(connection.bufferedBytes).toBeLessThan(1_000_000);
    await expect(sent[9]).rejects.toMatchObject({ code: "WS_BUFFER_FULL", origin: "caller" });
    await expect(connection.send("late")).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
    peer.stream.resume();
    peer.close(1013);
    peer.stream.end();
    await settled();
    expect(peer.heard).toEqual([...Array<string>(9).fill("Binary 100000"), "Close 1013", "END"]);
    expect(endings).toEqual([{ initiator: "gateway", code: 1013, cause: "limit" }]);
    expect({ limitsHit, errors }).toEqual({ limitsHit: ["buffered_bytes"], errors: [] });
  });

  test.each([
    { what: "text, by its bytes in UTF-8", message: "€".repeat(34) },
    { what: "binary", message: new Uint8Array(101) },
  ])("refuses a message that could never wait whole: $what", async ({ message }) => {
    const { connection, peer, endings } = setUp({}, { maxBufferedBytes: 100 });
    await connection.send("€".repeat(33));
    await settled();
    await expect(connection.send(message)).rejects.toThrow(/0 that the peer has not taken, of 100 at most/);
    peer.close(1013);
    peer.stream.end();
    await settled();
    expect(peer.heard.slice(1)).toEqual(["Close 1013", "END"]);
    expect(endings).toEqual([{ initiator: "gateway", code: 1013, cause: "limit" }]);
  });

  test("tells the handler that waited of it, and not of what follows", async () => {
    const { peer, errors } = setUp(
      { onMessage: (connection) => connection.send(new Uint8Array(101)) },
      { maxBufferedBytes: 100 },
    );
    peer.text("more, please");
    await settled();
    expect(errors).toMatchObject([{ code: "WS_BUFFER_FULL" }]);
  });
});

describe("a peer that sends and takes nothing", () => {
  const pair = { highWaterBytes: 10_000 };

  test.each([
    { name: "Pings", opcode: Opcode.Ping },
    { name: "messages to an echo that does not wait", opcode: Opcode.Text },
  ])("is held: $name cost no more than the high-water mark", async ({ opcode }) => {
    const { connection, peer, incoming } = setUp(
      {
        onMessage: (us, message) => {
          void us.send(message);
        },
      },
      { pair, controlFramesPerSecond: Infinity },
    );
    await settled();
    peer.stream.pause();
    const one = peer.frame(opcode, "x".repeat(100));
    peer.send(...Array.from({ length: 10_000 }, () => one));
    await settled();
    expect(connection.bufferedBytes).toBeLessThan(2 * pair.highWaterBytes);
    const sent = 10_000 * one.length;
    expect(incoming.bytes).toBeLessThan(sent / 10);
    expect(peer.stream.bufferedBytes).toBeGreaterThan(sent / 2);
    peer.stream.resume();
    await settled();
    expect(peer.heard).toHaveLength(10_000);
    expect(incoming.bytes).toBe(sent);
  });
});

test("an end already on its way when the stream was paused waits for what came before it", async () => {
  const work = gate();
  const calls: string[] = [];
  let consumer: ByteConsumer | undefined;
  const stream: ByteStream = {
    lifetime: "kept",
    bufferedBytes: 0,
    highWaterBytes: 65_536,
    start: (given) => {
      consumer = given;
    },
    write: () => true,
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
    end: () => calls.push("end"),
    abort: () => calls.push("abort"),
  };
  const { told } = setUp({ onMessage: () => work.promise }, { stream });
  await settled();
  const wire = hex("81 81 00000000 61  81 81 00000000 62  88 80 00000000");
  consumer?.onBytes(wire, 0, wire.length);
  consumer?.onEnd();
  expect([told, calls]).toEqual([["open", "a"], ["pause"]]);
  work.resolve();
  await settled();
  expect(told).toEqual(["open", "a", "b", "close 1005"]);
  consumer?.onClose({ type: "ended" });
});

describe("a client", () => {
  test("masks what it sends, takes what is not masked, and lets the server end first", async () => {
    const { connection, peer, told, endings } = setUp({}, { role: "client" });
    await connection.send("Hello");
    peer.text("Welcome");
    void connection.close(1000, "done");
    await settled();
    peer.close(1000);
    await settled();
    expect(peer.heard).toEqual(["Text Hello", "Close 1000 done"]);
    expect(told).toEqual(["open", "close 1000"]);
    peer.stream.end();
    await settled();
    expect(peer.heard.at(-1)).toBe("END");
    expect(endings).toEqual([{ initiator: "gateway", code: 1000, cause: "close-frame" }]);
  });

  test("calls its peer the upstream", async () => {
    const { peer, endings } = setUp({}, { role: "client" });
    peer.close(1001);
    peer.stream.end();
    await settled();
    expect(endings).toEqual([{ initiator: "upstream", code: 1001, cause: "close-frame" }]);
  });
});
