import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { listenFor, LongDeadlines, readUntil, upgradeRequest, type Access } from "../support/listening.ts";
import type { ListenerUnderTest } from "../support/listening.ts";
import {
  connectFields,
  FrameType,
  Flag,
  headerBlock,
  headersFrame,
  Preface,
  rawFrame,
  RawH2Client,
  settingsFrame,
} from "../support/raw-h2.ts";

const DeadlineMs = 200;
/** A byte this often never lets a socket look idle. */
const DribbleMs = 20;

type Pace = "silent" | "dribbling";
const Paces: readonly Pace[] = ["silent", "dribbling"];
const Accesses: readonly Access[] = ["TLS", "cleartext"];
const EachWay = Accesses.flatMap((access) => Paces.map((pace) => ({ access, pace })));

/** Sends `bytes` one by one; a silent client sends the first `silentAfter` at once and then nothing. */
function sendSlowly(socket: Socket, bytes: Uint8Array, pace: Pace, silentAfter: number): void {
  let sent = pace === "silent" ? silentAfter : 1;
  socket.write(bytes.subarray(0, sent));
  if (pace === "silent") return;
  const dribble = setInterval(() => {
    if (socket.writable && sent < bytes.length) socket.write(bytes.subarray(sent, ++sent));
  }, DribbleMs);
  const stop = () => clearInterval(dribble);
  socket.once("close", stop);
  onTestFinished(stop);
}

/** How long it takes until the listener has closed its side of everything. */
async function timeToClose(listening: ListenerUnderTest, fromMs: number): Promise<number> {
  await listening.untilNoConnections();
  return performance.now() - fromMs;
}

/** Collects what the listener says, and ends when it ends, so that nothing lingers. */
function collect(socket: Socket): () => string {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.once("end", () => socket.end());
  return () => Buffer.concat(chunks).toString("latin1");
}

/** The deadline fired in time: not early, and not later than a machine at work may be. */
function expectInTime(elapsedMs: number, deadlineMs = DeadlineMs): void {
  expect(elapsedMs).toBeGreaterThanOrEqual(deadlineMs - 5);
  expect(elapsedMs).toBeLessThan(deadlineMs * 1.5 + 300);
}

async function expectServing(listening: ListenerUnderTest): Promise<void> {
  const nth = listening.openings.length + 1;
  const socket = await listening.connect();
  socket.write(upgradeRequest());
  (await listening.nextOpening(nth)).accept({});
  expect(await readUntil(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
}

describe("handshake", () => {
  const deadlines = { ...LongDeadlines, handshakeMs: DeadlineMs };

  test.each(EachWay)("a client that is $pace from the first byte on, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const socket = await listening.connectTcp();
    collect(socket);
    const clientHello = Buffer.alloc(512);
    clientHello.write("1603010200010001fc0303", "hex");
    sendSlowly(socket, access === "TLS" ? clientHello : Preface, pace, 0);
    expectInTime(await timeToClose(listening, startMs));
    expect(listening.failures).toEqual(["deadline"]);
    expect(listening.opened).toEqual([]);
    await expectServing(listening);
  });

  test.each(EachWay)("an HTTP/2 client that is $pace within its preface, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const socket = await listening.connect(["h2"]);
    collect(socket);
    sendSlowly(socket, Preface, pace, 10);
    expectInTime(await timeToClose(listening, startMs));
    expect([...listening.failures, ...listening.refusals]).toEqual(["deadline"]);
    await expectServing(listening);
  });

  test.each(EachWay)("an HTTP/2 client that is $pace within its SETTINGS, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const client = new RawH2Client(await listening.connect(["h2"]));
    client.acknowledges = false;
    client.send(Preface);
    const many = Array.from({ length: 10 }, () => [3, 100] as const);
    sendSlowly(client.socket, settingsFrame(many), pace, 12);
    expectInTime(await timeToClose(listening, startMs));
    expect(listening.refusals).toEqual(["deadline"]);
    expect(listening.closed).toEqual(listening.opened);
    await expectServing(listening);
  });

  test("the time runs from the TCP connection on, not from the TLS handshake", async () => {
    const listening = await listenFor("TLS", { deadlines: { ...LongDeadlines, handshakeMs: 2 * DeadlineMs } });
    const startMs = performance.now();
    const tcp = await listening.connectTcp();
    await new Promise((resolve) => setTimeout(resolve, DeadlineMs));
    const socket = connectTls({
      socket: tcp,
      servername: "localhost",
      ALPNProtocols: ["h2"],
      ...(listening.ca === undefined ? {} : { ca: listening.ca }),
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    const client = new RawH2Client(socket);
    client.acknowledges = false;
    client.send(Preface);
    expectInTime(await timeToClose(listening, startMs), 2 * DeadlineMs);
    expect(listening.refusals).toEqual(["deadline"]);
  });
});

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
    "HTTP/2: a client that is $pace within $what, over $access",
    async ({ access, pace, bytes, silentAfter }) => {
      const listening = await listenFor(access, { deadlines });
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

  test.each(EachWay)(
    "HTTP/2: a client that is $pace, beside an open stream, over $access",
    async ({ access, pace }) => {
      const listening = await listenFor(access, { deadlines });
      const client = await listening.connectH2();
      client.send(headersFrame(1, connectFields()));
      const stream = (await listening.nextOpening()).accept({});
      const ending = new Promise((resolve) =>
        stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose: resolve }),
      );
      await client.status(1);
      client.acknowledges = false;
      const startMs = performance.now();
      sendSlowly(client.socket, rawFrame(FrameType.Headers, Flag.EndHeaders, 3, block), pace, 20);
      expectInTime(await timeToClose(listening, startMs));
      expect(await ending).toEqual({ type: "connection-lost" });
      expect(listening.refusals).toEqual(["deadline"]);
    },
  );

  test.each(Accesses)("HTTP/2: an open stream that rests is left alone, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
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

describe("an answer", () => {
  const deadlines = { ...LongDeadlines, answerMs: DeadlineMs };

  test.each(Accesses)("HTTP/1.1: 504 for a request and for an Upgrade that nobody answers, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    for (const request of ["GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", upgradeRequest()]) {
      const startMs = performance.now();
      const socket = await listening.connect();
      const words = collect(socket);
      socket.write(request);
      expectInTime(await timeToClose(listening, startMs));
      expect(words()).toMatch(/^HTTP\/1\.1 504 /);
    }
    expect(listening.refusals).toEqual(["deadline", "deadline"]);
  });

  test.each(Accesses)("HTTP/2: 504 on each stream alone, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const client = await listening.connectH2();
    const get: [string, string][] = [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "example.com"],
      [":path", "/"],
    ];
    const startMs = performance.now();
    client.send(headersFrame(1, get, { endStream: true }), headersFrame(3, connectFields()), headersFrame(5, get));
    for (const id of [1, 3, 5]) expect(await client.status(id)).toBe(504);
    expectInTime(performance.now() - startMs);
    expect(listening.refusals).toEqual(["deadline", "deadline", "deadline"]);
    expect(listening.listener.openConnections).toBe(1);
  });

  test.each(Accesses)("HTTP/1.1: a client that does not take its answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines: { ...deadlines, idleConnectionMs: DeadlineMs } });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(20_000_000) });
    const startMs = performance.now();
    const socket = await listening.connect();
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    expectInTime(await timeToClose(listening, startMs), 2 * DeadlineMs);
  });

  test.each(Accesses)("HTTP/2: a client that does not take its answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines: { ...LongDeadlines, idleConnectionMs: DeadlineMs } });
    const client = await listening.connectH2([[4, 0]]);
    client.send(headersFrame(1, connectFields()));
    (await listening.nextOpening()).reject({ status: 403, fields: [], body: "not for you" });
    const startMs = performance.now();
    expect(await client.resetCode(1)).toBe(8);
    expectInTime(performance.now() - startMs);
  });
});

describe("a connection on which nothing is open", () => {
  const deadlines = { ...LongDeadlines, idleConnectionMs: DeadlineMs };

  test.each(Accesses)("HTTP/1.1: closes behind the last answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "first" });
    const socket = await listening.connect();
    const answer = readUntil(socket, "first");
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    await answer;
    const startMs = performance.now();
    const words = collect(socket);
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toBe("");
    expect(listening.refusals).toEqual([]);
  });

  test.each(Accesses)(
    "HTTP/2: ends with GOAWAY before the first stream and behind the last, over %s",
    async (access) => {
      const listening = await listenFor(access, { deadlines });
      const [fresh, used] = [await listening.connectH2(), await listening.connectH2()];
      used.send(headersFrame(1, connectFields()));
      const opening = await listening.nextOpening();
      await fresh.until("GOAWAY", () => fresh.framesOf(FrameType.GoAway).length > 0);
      expect(fresh.framesOf(FrameType.GoAway)[0]?.payload.readUInt32BE(4)).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 2 * DeadlineMs));
      expect(used.framesOf(FrameType.GoAway)).toEqual([]);
      const startMs = performance.now();
      opening.reject({ status: 404, fields: [], body: "" });
      used.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
      await used.until("GOAWAY", () => used.framesOf(FrameType.GoAway).length > 0);
      expectInTime(performance.now() - startMs);
      for (const client of [fresh, used]) client.socket.end();
      await listening.untilNoConnections();
      expect(listening.refusals).toEqual([]);
    },
  );

  test.each(Accesses)("HTTP/2: PINGs and SETTINGS do not keep it, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const client = await listening.connectH2();
    const startMs = performance.now();
    const busy = setInterval(() => {
      if (client.socket.writable) client.send(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8)), settingsFrame());
    }, DribbleMs);
    onTestFinished(() => clearInterval(busy));
    await client.until("GOAWAY", () => client.framesOf(FrameType.GoAway).length > 0);
    expectInTime(performance.now() - startMs);
  });
});
