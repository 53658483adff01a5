import type { ConnectionAbuse } from "../../src/transport/connection-abuse.ts";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { H2EngineNames, type H2EngineName } from "../../src/transport/h2-acceptor.ts";
import {
  DefaultH2,
  listenFor,
  LongDeadlines,
  readToEnd,
  readUntil,
  upgradeRequest,
  type Access,
} from "../support/listening.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headerBlock,
  headersFrame,
  Preface,
  rawFrame,
  RawH2Client,
  settingsFrame,
  uint32,
} from "../support/raw-h2.ts";
import { MiB, pattern } from "../support/stream-driver.ts";
import { NearObserver } from "../support/stream-observers.ts";

const Accesses: readonly Access[] = ["TLS", "cleartext"];
const repeat = (count: number, frame: (nth: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, nth) => frame(nth)));

/** Bytes behind the handshake that end the connection (RFC 9113 §5.4.1), and floods, each on stream 1 or above. */
const Fatal: { what: string; bytes: Uint8Array; isBorneByHawser?: true; abuse?: ConnectionAbuse }[] = [
  { what: "DATA on stream 0", bytes: rawFrame(FrameType.Data, 0, 0, Buffer.from("x")) },
  { what: "HEADERS on an even stream", bytes: headersFrame(2, connectFields()) },
  { what: "DATA on a stream never opened", bytes: rawFrame(FrameType.Data, 0, 9, Buffer.from("x")) },
  { what: "RST_STREAM on a stream never opened", bytes: rawFrame(FrameType.RstStream, 0, 9, uint32(8)) },
  { what: "a WINDOW_UPDATE of 0", bytes: rawFrame(FrameType.WindowUpdate, 0, 0, uint32(0)) },
  { what: "a window beyond 2^31", bytes: repeat(2, () => rawFrame(FrameType.WindowUpdate, 0, 0, uint32(0x7fff_ffff))) },
  { what: "SETTINGS of 5 bytes", bytes: rawFrame(FrameType.Settings, 0, 0, Buffer.alloc(5)) },
  { what: "SETTINGS on a stream", bytes: rawFrame(FrameType.Settings, 0, 1) },
  { what: "an initial window beyond 2^31", bytes: settingsFrame([[4, 0x8000_0000]]) },
  { what: "a PING of 7 bytes", bytes: rawFrame(FrameType.Ping, 0, 0, Buffer.alloc(7)) },
  { what: "a PING on a stream", bytes: rawFrame(FrameType.Ping, 0, 1, Buffer.alloc(8)) },
  { what: "a frame beyond 16 KiB", bytes: rawFrame(FrameType.Data, 0, 1, Buffer.alloc(16_385)) },
  { what: "a broken header block", bytes: rawFrame(FrameType.Headers, Flag.EndHeaders, 1, Buffer.alloc(9, 0xff)) },
  { what: "a CONTINUATION alone", bytes: rawFrame(FrameType.Continuation, Flag.EndHeaders, 1, Buffer.from("x")) },
  {
    what: "a frame amid a header block",
    bytes: Buffer.concat([
      rawFrame(FrameType.Headers, 0, 1, headerBlock(connectFields())),
      rawFrame(FrameType.Ping, 0, 0, Buffer.alloc(8)),
    ]),
  },
  {
    what: "a flood of CONTINUATIONs",
    bytes: Buffer.concat([
      rawFrame(FrameType.Headers, 0, 1, headerBlock(connectFields())),
      repeat(200, () => rawFrame(FrameType.Continuation, 0, 1)),
    ]),
    abuse: "continuation",
  },
  { what: "PUSH_PROMISE", bytes: rawFrame(FrameType.PushPromise, Flag.EndHeaders, 1, Buffer.alloc(4)) },
  {
    what: "a PING ACK for nothing",
    bytes: rawFrame(FrameType.Ping, Flag.Ack, 0, Buffer.alloc(8)),
    isBorneByHawser: true,
  },
  { what: "a flood of SETTINGS", bytes: repeat(30_000, () => settingsFrame()), abuse: "settings" },
  {
    what: "more streams than allowed",
    bytes: repeat(400, (nth) => headersFrame(101 + 2 * nth, connectFields())),
    // Those above the limit are refused, one by one.
    isBorneByHawser: true,
  },
  { what: "noise", bytes: pattern(4_000) },
];

/** A client that sends `bytes` loses its connection, which is told as `told`, and the next one is served. */
async function expectClosed(
  bytes: Uint8Array,
  access: Access,
  engine: H2EngineName,
  told: ConnectionAbuse | "malformed" = "malformed",
): Promise<void> {
  const deadlines = { ...LongDeadlines, headersMs: 400 };
  const listening = await listenFor(access, { deadlines, http2: { ...DefaultH2, engine } });
  const client = await listening.connectH2();
  client.send(bytes);
  await listening.untilNoConnections();
  expect(listening.closed).toEqual(listening.opened);
  expect([...listening.refusals, ...listening.abuses]).toEqual([told]);
  const other = await listening.connectH2();
  listening.onOpening = (opening) => void opening.accept({});
  other.send(headersFrame(1, connectFields()));
  expect(await other.status(1)).toBe(200);
}

describe.each(Accesses)("an HTTP/2 client over %s", (access) => {
  test.each(Fatal)("that sends $what is closed, although it does not close itself", async ({ bytes }) => {
    await expectClosed(bytes, access, "node");
  });

  // At once: hawser gives each of them time to read what it was told.
  test("is closed by the engine hawser as well, for whatever breaks a rule", async () => {
    const fatal = Fatal.filter(({ isBorneByHawser }) => isBorneByHawser !== true);
    const results = await Promise.allSettled(
      fatal.map(({ bytes, abuse }) => expectClosed(bytes, access, "hawser", abuse)),
    );
    expect(fatal.filter((_, index) => results[index]?.status === "rejected").map(({ what }) => what)).toEqual([]);
  });

  test.each(H2EngineNames)("that floods %s with PINGs and reads no answer is ended or not read on", async (engine) => {
    const deadlines = { ...LongDeadlines, headersMs: 400 };
    const listening = await listenFor(access, { deadlines, http2: { ...DefaultH2, engine } });
    const { socket } = await listening.connectH2();
    socket.pause();
    const flood = repeat(20_000, () => rawFrame(FrameType.Ping, 0, 0, Buffer.alloc(8)));
    let takenBytes = 0;
    let looksWithoutChange = 0;
    const sending = setInterval(() => {
      const before = takenBytes;
      takenBytes = socket.bytesWritten - socket.writableLength;
      looksWithoutChange = takenBytes === before ? looksWithoutChange + 1 : 0;
      if (socket.writableLength < MiB) socket.write(flood);
    }, 5);
    onTestFinished(() => clearInterval(sending));
    const isOver = () => listening.closed.length === 1 || looksWithoutChange >= 100;
    await vi.waitFor(() => expect(isOver()).toBe(true), 10_000);
    // What the system buffers, both ways.
    expect(takenBytes).toBeLessThan(32 * MiB);
  });

  test("that breaks a rule loses its open streams, and only its own", async () => {
    const listening = await listenFor(access);
    const observers = [];
    const clients = [await listening.connectH2(), await listening.connectH2()] as const;
    for (const [index, client] of clients.entries()) {
      client.send(headersFrame(1, connectFields()));
      const stream = (await listening.nextOpening(index + 1)).accept({});
      const observer = new NearObserver(stream);
      stream.start(observer);
      observers.push(observer);
      await client.status(1);
    }
    const [broken, whole] = observers;
    clients[0].send(rawFrame(FrameType.Data, 0, 0));
    await broken!.until("onClose", () => broken!.ending !== undefined);
    expect(broken!.ending).toEqual({ type: "connection-lost" });
    clients[1].send(rawFrame(FrameType.Data, 0, 1, Buffer.from("on")));
    await whole!.until("bytes", () => whole!.receivedBytes === 2);
    expect(whole!.ending).toBeUndefined();
  });

  test("that floods an open stream with empty DATA is closed or borne, and its siblings live", async () => {
    const listening = await listenFor(access);
    const client = await listening.connectH2();
    client.send(headersFrame(1, connectFields()));
    const stream = (await listening.nextOpening()).accept({});
    stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
    client.send(repeat(20_000, () => rawFrame(FrameType.Data, 0, 1)));
    const other = await listening.connectH2();
    other.send(headersFrame(1, connectFields()));
    (await listening.nextOpening(2)).accept({});
    expect(await other.status(1)).toBe(200);
    await client.close();
    await other.close();
    await listening.untilNoConnections();
  });

  test("that sends frames of an unknown type is borne", async () => {
    const listening = await listenFor(access);
    const client = await listening.connectH2();
    client.send(repeat(100, () => rawFrame(0xbb, 0xff, 0, Buffer.alloc(100))));
    client.send(headersFrame(1, connectFields()));
    (await listening.nextOpening()).accept({});
    expect(await client.status(1)).toBe(200);
  });

  test.each(H2EngineNames)("that asks %s for much and reads nothing is closed", async (engine) => {
    const deadlines = { ...LongDeadlines, headersMs: 400, idleConnectionMs: 400 };
    const listening = await listenFor(access, { deadlines, http2: { ...DefaultH2, engine } });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(1_000_000) });
    const client = await listening.connectH2([[4, 0x7fff_ffff]]);
    client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(0x7000_0000)));
    await client.roundTrip();
    client.socket.pause();
    const get: [string, string][] = [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "example.com"],
      [":path", "/"],
    ];
    client.send(repeat(100, (nth) => headersFrame(1 + 2 * nth, get, { endStream: true })));
    await listening.untilNoConnections(10_000);
  });
});

test.each(Accesses)("whatever noise follows the preface over %s, the listener serves on", async (access) => {
  const listening = await listenFor(access, { deadlines: { ...LongDeadlines, handshakeMs: 300, headersMs: 300 } });
  for (let round = 0; round < 30; round++) {
    const client = new RawH2Client(await listening.connect(["h2"]));
    client.acknowledges = false;
    client.send(Preface, round % 2 === 0 ? settingsFrame() : Buffer.alloc(0), pattern(round * 37, round * 1_009));
  }
  await listening.untilNoConnections(8_000);
  const other = await listening.connectH2();
  other.send(headersFrame(1, connectFields()));
  (await listening.nextOpening(listening.openings.length + 1)).accept({});
  expect(await other.status(1)).toBe(200);
});

describe.each(Accesses)("an HTTP/1.1 client over %s", (access) => {
  test.each([
    { what: "noise", bytes: pattern(10_000, 5) },
    { what: "a head without end", bytes: Buffer.from(`GET / HTTP/1.1\r\n${"X-Name: value\r\n".repeat(5_000)}`) },
    { what: "a line without end", bytes: Buffer.alloc(200_000, "a") },
    { what: "empty lines without end", bytes: Buffer.alloc(200_000, "\r\n") },
    {
      what: "chunks that are none",
      bytes: Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    },
    {
      what: "a chunk extension without end",
      bytes: Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;${"a".repeat(100_000)}`),
    },
  ])("that sends $what is closed, and others are served", async ({ bytes }) => {
    const listening = await listenFor(access, { deadlines: { ...LongDeadlines, headersMs: 300 } });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "" });
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write(bytes);
    await words;
    socket.end();
    await listening.untilNoConnections();
    const other = await listening.connect();
    other.write(upgradeRequest());
    (await listening.nextOpening()).accept({});
    expect(await readUntil(other, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
  });
});
