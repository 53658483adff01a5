import { describe, expect, test } from "vitest";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import { DefaultH2, listenFor, LongDeadlines, readUntil } from "../support/listening.ts";
import { connectFields, FrameType, Flag, headerBlock, headersFrame, rawFrame } from "../support/raw-h2.ts";
import {
  Accesses,
  collect,
  DeadlineMs,
  EachWay,
  expectInTime,
  expectServing,
  sendSlowly,
  timeToClose,
} from "../support/slow-client.ts";

describe("a header block", () => {
  const deadlines = { ...LongDeadlines, headersMs: DeadlineMs };
  const head = Buffer.from(`GET / HTTP/1.1\r\nHost: example.com\r\nX-Long: ${"a".repeat(1_000)}`);

  test.each(EachWay)("HTTP/1.1: a head that is $pace, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const socket = await listening.connect();
    const startMs = performance.now();
    const words = collect(socket);
    sendSlowly(socket, head, pace, 30);
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*Connection: close/);
    expect(listening.refusals).toEqual(["deadline"]);
    await expectServing(listening);
  });

  test.each(EachWay)("HTTP/1.1: a later head that is $pace, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "first" });
    const socket = await listening.connect();
    const answer = readUntil(socket, "first");
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    await answer;
    // Idleness has its own, longer deadline: the head's begins with its first byte.
    await new Promise((resolve) => setTimeout(resolve, 1.5 * DeadlineMs));
    const words = collect(socket);
    const startMs = performance.now();
    sendSlowly(socket, head, pace, 30);
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toMatch(/^HTTP\/1\.1 408 /);
    expect(listening.refusals).toEqual(["deadline"]);
  });

  test.each(Accesses)("HTTP/1.1: half a head behind a request, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const socket = await listening.connect();
    const words = collect(socket);
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    const exchange = await listening.nextExchange();
    socket.write(head);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * DeadlineMs));
    const startMs = performance.now();
    exchange.respond({ status: 200, fields: [], body: "first" });
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toMatch(/^HTTP\/1\.1 200 [^]*firstHTTP\/1\.1 408 /);
  });

  test.each(Accesses)("HTTP/1.1: no head at all, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines: { ...deadlines, handshakeMs: DeadlineMs } });
    const startMs = performance.now();
    const socket = await listening.connect();
    const words = collect(socket);
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toBe("");
    await expectServing(listening);
  });
});

describe.each(H2EngineNames)("a header block of HTTP/2, by %s,", (engine) => {
  const deadlines = { ...LongDeadlines, headersMs: DeadlineMs };
  const http2 = { ...DefaultH2, engine };
  const block = headerBlock([...connectFields(), ["x-long", "a".repeat(1_000)]]);
  const beginnings = [
    { what: "HEADERS", bytes: rawFrame(FrameType.Headers, Flag.EndHeaders, 1, block), silentAfter: 20 },
    { what: "a frame header", bytes: rawFrame(FrameType.Headers, Flag.EndHeaders, 1, block), silentAfter: 5 },
    {
      what: "CONTINUATION",
      bytes: Buffer.concat([
        rawFrame(FrameType.Headers, Flag.None, 1, block.subarray(0, 10)),
        rawFrame(FrameType.Continuation, Flag.EndHeaders, 1, block.subarray(10)),
      ]),
      silentAfter: 19,
    },
  ];

  test.each(EachWay.flatMap((way) => beginnings.map((beginning) => ({ ...way, ...beginning }))))(
    "a client that is $pace within $what, over $access",
    async ({ access, pace, bytes, silentAfter }) => {
      const listening = await listenFor(access, { deadlines, http2 });
      const client = await listening.connectH2();
      // An answer amid the block would break it off.
      client.acknowledges = false;
      const startMs = performance.now();
      sendSlowly(client.socket, bytes, pace, silentAfter);
      expectInTime(await timeToClose(listening, startMs));
      expect(listening.refusals).toEqual(["deadline"]);
      await expectServing(listening);
    },
  );

  test.each(EachWay)("a client that is $pace, beside an open stream, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines, http2 });
    const client = await listening.connectH2();
    client.send(headersFrame(1, connectFields()));
    const stream = (await listening.nextOpening()).accept({});
    const ending = new Promise((resolve) => stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose: resolve }));
    await client.status(1);
    client.acknowledges = false;
    const startMs = performance.now();
    sendSlowly(client.socket, rawFrame(FrameType.Headers, Flag.EndHeaders, 3, block), pace, 20);
    // Of one that says nothing at all nobody knows whether its network pauses; a WebSocket is worth some patience.
    expectInTime(await timeToClose(listening, startMs), pace === "silent" ? 6 * DeadlineMs : DeadlineMs);
    expect(await ending).toEqual({ type: "connection-lost" });
  });

  test.each(Accesses)("an open stream that rests is left alone, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines, http2 });
    const client = await listening.connectH2();
    client.send(headersFrame(1, connectFields()));
    const stream = (await listening.nextOpening()).accept({});
    await client.status(1);
    await new Promise((resolve) => setTimeout(resolve, 3 * DeadlineMs));
    stream.write(Buffer.from("alive"), 0, 5, "kept");
    await client.until("bytes", () => client.framesOf(FrameType.Data, 1).length > 0);
    expect(client.framesOf(FrameType.Ping).length).toBeLessThanOrEqual(3);
  });
});
