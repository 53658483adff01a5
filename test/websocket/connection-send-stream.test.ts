import { once } from "node:events";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { hex } from "../support/bits.ts";
import { connectionPair } from "../support/connection-pair.ts";
import { settled, setUp, setUpAsking } from "../support/websocket-peer.ts";

const pair = { highWaterBytes: 1_000 };

/** What becomes of writing `part`: resolves to the code of its error, or `sent`. */
async function written(stream: Writable, part: string | Uint8Array): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  stream.write(part, (error) => resolve(error ? ((error as NodeJS.ErrnoException).code ?? "") : "sent"));
  return promise;
}

describe("a message sent in parts", () => {
  test("leaves as one frame for each write and an empty last one", async () => {
    const { connection, peer } = setUp();
    const stream = connection.sendStream("text");
    stream.write("one, ");
    stream.write("");
    stream.write(Buffer.from("two"));
    stream.end();
    await once(stream, "finish");
    await settled();
    expect(peer.heard).toEqual(["Text one,", "Continuation two", "Continuation"]);
  });

  test("may be empty", async () => {
    const { connection, peer } = setUp();
    connection.sendStream("binary").end();
    await settled();
    expect(peer.heard).toEqual(["Binary 0"]);
  });

  test("comes out whole at the other end, whatever it was cut into", async () => {
    const { client, server } = connectionPair();
    await pipeline(
      Readable.from(["€", Buffer.from("€uro").subarray(0, 2), Buffer.from("€uro").subarray(2)]),
      client.sendStream("text"),
    );
    expect(await server.receive()).toBe("€€uro");
  });

  test("is past the extensions and masked by a client, as any", async () => {
    const { connection, peer } = setUp({}, { role: "client" });
    connection.sendStream("binary").end(Buffer.from("masked"));
    await settled();
    expect(peer.heard).toEqual(["Binary 6", "Continuation"]);
  });

  test("of another kind there is none", () => {
    const { connection } = setUp();
    // @ts-expect-error: as JavaScript may call it.
    expect(() => connection.sendStream("json")).toThrow(TypeError);
  });
});

describe("while it leaves", () => {
  test("Pongs, Pings and a Close go between its parts", async () => {
    const { connection, peer } = setUp();
    const stream = connection.sendStream("text");
    await written(stream, "a");
    peer.send(peer.frame(Opcode.Ping, "?"));
    await settled();
    connection.ping().catch(() => {});
    await written(stream, "b");
    void connection.close(1000);
    await settled();
    expect(peer.heard.map((line) => line.split(" ")[0])).toEqual(["Text", "Pong", "Ping", "Continuation", "Close"]);
    expect(await written(stream, "c")).toMatch(/WS_NOT_OPEN|ERR_STREAM_DESTROYED/);
  });

  test("other messages wait for its end, in their order, and their bytes are copied", async () => {
    const { connection, peer } = setUp();
    const first = connection.sendStream("text");
    const bytes = Uint8Array.of(1, 2, 3);
    const sent = [connection.send("whole"), connection.send(bytes)];
    const second = connection.sendStream("text");
    sent.push(connection.send("last"));
    bytes.fill(0);
    second.end("second");
    await written(first, "first");
    await settled();
    expect(peer.heard).toEqual(["Text first"]);
    expect(connection.bufferedBytes).toBe(18);
    first.end();
    await Promise.all(sent);
    await settled();
    expect(peer.heard).toEqual([
      "Text first",
      "Continuation",
      "Text whole",
      "Binary 3",
      "Text second",
      "Continuation",
      "Text last",
    ]);
    expect(peer.payloads[3]).toEqual(Uint8Array.of(1, 2, 3));
    expect(connection.bufferedBytes).toBe(0);
  });

  test("thousands may wait, but no more than may be buffered", async () => {
    const { connection, peer, limitsHit } = setUp({}, { maxBufferedBytes: 20_000_000 });
    const stream = connection.sendStream("text");
    const sent = Array.from({ length: 18_000 }, () => connection.send("x"));
    stream.end();
    await Promise.all(sent);
    await settled();
    expect(peer.heard).toHaveLength(18_001);
    connection.sendStream("text");
    const over = await Promise.allSettled(Array.from({ length: 20_000 }, () => connection.send("x")));
    expect(over.at(-1)).toMatchObject({ reason: { code: "WS_NOT_OPEN" } });
    expect(limitsHit).toEqual(["buffered_bytes"]);
    await settled();
    expect(peer.heard.at(-1)).toBe("Close 1013");
  });

  test.each([
    { what: "further writes", write: (stream: Writable) => void stream.write(new Uint8Array(30_000)) },
    { what: "its last one", write: (stream: Writable) => void stream.end(new Uint8Array(30_000)) },
  ])("a waiting one may hold no more either: $what are counted at once", async ({ write }) => {
    const { connection, limitsHit } = setUp({}, { maxBufferedBytes: 50_000 });
    connection.sendStream("binary");
    const waiting = connection.sendStream("binary");
    const failed = once(waiting, "error");
    waiting.write(new Uint8Array(30_000));
    expect([connection.bufferedBytes, limitsHit]).toEqual([30_000, []]);
    write(waiting);
    expect(limitsHit).toEqual(["buffered_bytes"]);
    expect(await failed).toMatchObject([{ code: "WS_BUFFER_FULL" }]);
    expect(connection.state).not.toBe("open");
  });

  test("one part may be all that may wait", async () => {
    const { connection, peer, limitsHit } = setUp({}, { pair, maxBufferedBytes: 50_000 });
    await settled();
    peer.stream.pause();
    const stream = connection.sendStream("binary");
    // Less what it is counted as itself.
    stream.write(new Uint8Array(50_000 - 1_024));
    stream.end();
    expect([connection.state, limitsHit]).toEqual(["open", []]);
    peer.stream.resume();
    await once(stream, "finish");
  });

  test("what its part took counts once, though it is not done", async () => {
    const { connection, peer, limitsHit } = setUp({}, { pair, maxBufferedBytes: 50_000 });
    await settled();
    peer.stream.pause();
    const stream = connection.sendStream("binary");
    stream.write(new Uint8Array(30_000));
    stream.write(new Uint8Array(15_000));
    expect(limitsHit).toEqual([]);
    stream.end(new Uint8Array(10_000));
    expect(limitsHit).toEqual(["buffered_bytes"]);
  });

  test("those that wait are refused when the WebSocket ends, and so is it", async () => {
    const { connection, peer } = setUp();
    const stream = connection.sendStream("text");
    const failed = once(stream, "error");
    const sent = connection.send("never");
    const other = connection.sendStream("binary");
    peer.close(1000);
    await expect(sent).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
    expect(await failed).toMatchObject([{ code: "WS_NOT_OPEN" }]);
    await settled();
    expect(other.destroyed).toBe(true);
    const late = connection.sendStream("text");
    expect(await once(late, "error")).toMatchObject([{ code: "WS_NOT_OPEN", origin: "caller" }]);
  });
});

describe("its backpressure", () => {
  test("is that of the peer: a write is done when there is room for more", async () => {
    const { connection, peer } = setUp({}, { pair });
    await settled();
    peer.stream.pause();
    const stream = connection.sendStream("binary");
    let done = false;
    void written(stream, new Uint8Array(5_000)).then(() => (done = true));
    await settled();
    expect(done).toBe(false);
    peer.stream.resume();
    await settled();
    expect(done).toBe(true);
  });

  test("keeps a pipeline of any length within a buffer", async () => {
    const { connection, peer } = setUp({}, { pair });
    let most = 0;
    await pipeline(function* () {
      for (let part = 0; part < 500; part++) {
        most = Math.max(most, connection.bufferedBytes);
        yield new Uint8Array(10_000);
      }
    }, connection.sendStream("binary"));
    await settled();
    expect(most).toBeLessThan(25_000);
    expect(peer.receivedBytes).toBeGreaterThan(5_000_000);
  });

  test("not kept to costs the connection as with send", async () => {
    const { connection, peer, limitsHit } = setUp({}, { pair, maxBufferedBytes: 50_000 });
    await settled();
    peer.stream.pause();
    const stream = connection.sendStream("binary");
    const failed = once(stream, "error");
    for (let part = 0; part < 10; part++) stream.write(new Uint8Array(10_000));
    expect(limitsHit).toEqual(["buffered_bytes"]);
    expect(await failed).toMatchObject([{ code: "WS_BUFFER_FULL", origin: "caller" }]);
    peer.stream.resume();
    await settled();
    expect(peer.heard.at(-1)).toBe("Close 1013");
  });
});

test.each([
  { many: "a few large ones", count: 10, bytes: 10_000, limit: 50_000 },
  { many: "many empty ones", count: 100, bytes: 0, limit: 50_000 },
])("$many that wait for their turn count as what send has queued", async ({ count, bytes, limit }) => {
  const { connection, peer, limitsHit } = setUp({}, { maxBufferedBytes: limit });
  connection.sendStream("text");
  const streams = Array.from({ length: count }, () => connection.sendStream("binary").end(new Uint8Array(bytes)));
  expect(limitsHit).toEqual(["buffered_bytes"]);
  await settled();
  const codes = streams.map(({ errored }) => errored && "code" in errored && errored.code);
  expect(codes.filter((code) => code === "WS_BUFFER_FULL")).toHaveLength(1);
  expect(new Set(codes)).toEqual(new Set(["WS_NOT_OPEN", "WS_BUFFER_FULL"]));
  expect(peer.heard).toEqual(["Close 1013"]);
  expect(connection.bufferedBytes).toBe(0);
});

describe("one that breaks off", () => {
  test.each([
    { name: "is destroyed", act: (stream: Writable) => void stream.destroy(), close: ["Close 1011"] },
    {
      name: "is destroyed with an error",
      act: (stream: Writable) => void stream.destroy(new Error("mine")),
      close: ["Close 1011"],
    },
    {
      name: "goes on with what is no text",
      act: (stream: Writable) => void stream.write(hex("ff")),
      close: ["Close 1011"],
    },
    {
      name: "ends within a character",
      act: (stream: Writable) => void stream.end(hex("e2")),
      close: ["Continuation \ufffd", "Close 1011"],
    },
  ])("and $name is closed with 1011, since it cannot be taken back", async ({ act, close }) => {
    const { connection, peer, endings } = setUp();
    const stream = connection.sendStream("text");
    await written(stream, "begun");
    act(stream);
    await settled();
    expect(peer.heard).toEqual(["Text begun", ...close]);
    peer.close(1011);
    peer.stream.end();
    await settled();
    expect(endings).toEqual([{ initiator: "gateway", code: 1011, cause: "handler-error" }]);
  });

  test.each([
    { name: "was destroyed", act: (stream: Writable) => void stream.destroy() },
    { name: "was no text from the first byte on", act: (stream: Writable) => void stream.write(hex("ff")) },
  ])("before anything of it has left is as if it had never been: it $name", async ({ act }) => {
    const { connection, peer } = setUp();
    act(connection.sendStream("text"));
    await settled();
    await connection.send("next");
    await settled();
    expect(peer.heard).toEqual(["Text next"]);
  });

  test("and one that waits for its turn is given up alone", async () => {
    const { connection, peer } = setUp();
    const first = connection.sendStream("text");
    const second = connection.sendStream("text");
    void connection.send("third");
    second.write("never");
    second.destroy();
    first.end("first");
    await settled();
    expect(peer.heard).toEqual(["Text first", "Continuation", "Text third"]);
  });

  test("its pipeline tells why", async () => {
    const { connection, peer } = setUpAsking();
    const source = new Readable({ read: () => {} });
    source.push("begun");
    const failed = pipeline(source, connection.sendStream("text")).catch((error: unknown) => error);
    await settled();
    source.destroy(new Error("read error"));
    expect(await failed).toEqual(new Error("read error"));
    await settled();
    expect(peer.heard).toEqual(["Text begun", "Close 1011"]);
  });
});

describe("text that is sent is always UTF-8", () => {
  test.each([
    { text: "\ud800", sent: "\ufffd" },
    { text: "a\udfffb", sent: "a\ufffdb" },
    { text: "\udc00\ud800", sent: "\ufffd\ufffd" },
    { text: "\u{1f600}", sent: "\u{1f600}" },
  ])("$sent leaves for it, whole and in parts", async ({ text, sent }) => {
    const { connection, peer } = setUp();
    await connection.send(text);
    connection.sendStream("text").end(text);
    await settled();
    const encoded = new TextEncoder().encode(sent);
    expect(peer.payloads).toEqual([encoded, encoded, new Uint8Array(0)]);
  });
});
