import { describe, expect, onTestFinished, test } from "vitest";
import type { ConnectionAbuse } from "../../../src/transport/connection-abuse.ts";
import { dataOf, fatalCode, goAwaysOf } from "../../support/hawser-serving.ts";
import { DefaultH2, listenFor } from "../../support/listening.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headerBlock,
  headersFrame,
  rawFrame,
  settingsFrame,
  uint32,
  type RawH2Client,
} from "../../support/raw-h2.ts";
import { turns } from "../../support/stream-observers.ts";

const EnhanceYourCalm = 11;
const Cancel = 8;

/** A listener that accepts all WebSockets and sends back what comes, and a client that feels nothing of what others do. */
async function withNeighbour() {
  const listening = await listenFor("cleartext", { http2: { ...DefaultH2, engine: "hawser" } });
  listening.onOpening = (opening) => {
    const stream = opening.accept({});
    stream.start({
      onBytes: (bytes, start, end) => void stream.write(bytes, start, end, "kept"),
      onDrain() {},
      onEnd: () => stream.end(),
      onClose() {},
    });
  };
  listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "answer" });
  const neighbour = await listening.connectH2();
  neighbour.send(headersFrame(1, connectFields()));
  expect(await neighbour.status(1)).toBe(200);
  let sent = 0;
  const echoMs = async (): Promise<number> => {
    const startMs = performance.now();
    neighbour.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("neighbour")));
    sent += 9;
    await neighbour.until("an echo", () => dataOf(neighbour, 1).length === sent);
    return performance.now() - startMs;
  };
  await echoMs();
  onTestFinished(() => neighbour.close());
  return { listening, echoMs };
}

/** Sends what `frames` makes, piece after piece, until the connection is ended for it; returns the code of that. */
async function flood(client: RawH2Client, frames: (round: number) => readonly Uint8Array[]): Promise<number> {
  client.acknowledges = false;
  for (let round = 0; round < 400 && goAwaysOf(client).length === 0 && !client.isClosed; round++) {
    client.send(...frames(round));
    await turns(1);
  }
  return fatalCode(client);
}

/** The ids of the `round`th hundred streams. */
const hundred = (round: number): readonly number[] =>
  Array.from({ length: 100 }, (_, at) => 2 * (100 * round + at) + 1);

const times = (count: number, frame: Uint8Array): readonly Uint8Array[] => Array.from({ length: count }, () => frame);

const reset = (id: number): Buffer => rawFrame(FrameType.RstStream, Flag.None, id, uint32(Cancel));
const update = (id: number, bytes: number): Buffer => rawFrame(FrameType.WindowUpdate, Flag.None, id, uint32(bytes));
const opening = (id: number): Buffer => headersFrame(id, connectFields());
const Get: [string, string][] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "example.com"],
  [":path", "/"],
];
const get = (id: number): Buffer => headersFrame(id, Get, { endStream: true });
/** A field of 4000 bytes that the table keeps as entry 62, and a request that says it ten times, in a byte each. */
const large = headerBlock([["x-bomb", "a".repeat(4_000)]]);
large[0] = 0x40;
const bomb = Buffer.concat([headerBlock(Get), Buffer.alloc(10, 0x80 | 62)]);
const request = (id: number, block: Uint8Array): Buffer =>
  rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, id, block);

interface Attack {
  readonly what: string;
  readonly abuse: ConnectionAbuse;
  readonly frames: (round: number) => readonly Uint8Array[];
  /** Sent first. */
  readonly first?: readonly Uint8Array[];
}

const open = [opening(1)];
const onSubject = (type: number, payload: Uint8Array, flags: number = Flag.None): Buffer =>
  rawFrame(type, flags, 1, payload);

/** Each costs its server more than it costs the client, if nobody counts. */
const Attacks: readonly Attack[] = [
  {
    what: "rapid reset",
    abuse: "rapid-reset",
    frames: (round) => hundred(round).flatMap((id) => [opening(id), reset(id)]),
  },
  {
    what: "rapid reset of requests",
    abuse: "rapid-reset",
    frames: (round) => hundred(round).flatMap((id) => [get(id), reset(id)]),
  },
  {
    what: "streams that we are made to reset by a window update of 0",
    abuse: "made-you-reset",
    frames: (round) => hundred(round).flatMap((id) => [opening(id), update(id, 0)]),
  },
  {
    what: "streams that we are made to reset by too large a window",
    abuse: "made-you-reset",
    frames: (round) => hundred(round).flatMap((id) => [opening(id), update(id, 2 ** 31 - 1)]),
  },
  {
    what: "streams that we are made to reset by DATA behind their end",
    abuse: "made-you-reset",
    frames: (round) =>
      hundred(round).flatMap((id) => [
        headersFrame(id, connectFields(), { endStream: true }),
        rawFrame(FrameType.Data, Flag.None, id, Buffer.from("a")),
      ]),
  },
  {
    what: "streams that we are made to reset by a PRIORITY that is too short",
    abuse: "made-you-reset",
    frames: (round) => hundred(round).flatMap((id) => [opening(id), rawFrame(FrameType.Priority, 0, id, uint32(1))]),
  },
  {
    what: "requests that break a rule",
    abuse: "made-you-reset",
    frames: (round) => hundred(round).map((id) => headersFrame(id, [...connectFields(), ["Upper", "a"]])),
  },
  {
    what: "more streams than may be open",
    abuse: "stream-limit",
    frames: (round) => hundred(round).map(opening),
  },
  {
    what: "CONTINUATIONs without end",
    abuse: "header-bytes",
    first: [rawFrame(FrameType.Headers, Flag.None, 1, headerBlock(connectFields()))],
    frames: () => times(10, onSubject(FrameType.Continuation, headerBlock([["x-long", "a".repeat(10_000)]]))),
  },
  {
    what: "CONTINUATIONs of nothing",
    abuse: "continuation",
    first: [rawFrame(FrameType.Headers, Flag.None, 1, headerBlock(connectFields()))],
    frames: () => times(1_000, onSubject(FrameType.Continuation, Buffer.alloc(0))),
  },
  {
    what: "CONTINUATIONs that end blocks of nothing",
    abuse: "continuation",
    first: open,
    frames: (round) =>
      hundred(round + 1).flatMap((id) => [
        rawFrame(FrameType.Headers, Flag.None, id, headerBlock(connectFields())),
        ...times(40, rawFrame(FrameType.Continuation, Flag.None, id, Buffer.alloc(0))),
        rawFrame(FrameType.Continuation, Flag.EndHeaders, id, Buffer.alloc(0)),
        reset(id),
      ]),
  },
  {
    what: "DATA of nothing",
    abuse: "empty-data",
    first: open,
    frames: () => times(1_000, onSubject(FrameType.Data, Buffer.alloc(0))),
  },
  {
    what: "DATA of padding alone",
    abuse: "empty-data",
    first: open,
    frames: () => times(1_000, onSubject(FrameType.Data, Buffer.from([3, 0, 0, 0]), Flag.Padded)),
  },
  {
    what: "DATA of a byte",
    abuse: "tiny-data",
    first: open,
    frames: () => times(1_000, onSubject(FrameType.Data, Buffer.alloc(1))),
  },
  {
    what: "header blocks that are small and say much",
    abuse: "header-bytes",
    first: [request(1, Buffer.concat([headerBlock(Get), large]))],
    frames: (round) => hundred(round + 1).map((id) => request(id, bomb)),
  },
  { what: "SETTINGS", abuse: "settings", frames: () => times(1_000, settingsFrame([[4, 65_535]])) },
  {
    what: "acknowledgements of SETTINGS",
    abuse: "settings",
    frames: () => times(1_000, rawFrame(FrameType.Settings, Flag.Ack, 0)),
  },
  { what: "PING", abuse: "ping", frames: () => times(1_000, rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8))) },
  {
    what: "answers to no PING",
    abuse: "ping",
    frames: () => times(1_000, rawFrame(FrameType.Ping, Flag.Ack, 0, Buffer.alloc(8))),
  },
  { what: "window updates", abuse: "window-update", frames: () => times(1_000, update(0, 1)) },
  { what: "window updates of a stream", abuse: "window-update", first: open, frames: () => times(1_000, update(1, 1)) },
  {
    what: "window updates of a stream that is over",
    abuse: "window-update",
    first: [...open, reset(1)],
    frames: () => times(1_000, update(1, 1)),
  },
  {
    what: "PRIORITY",
    abuse: "priority",
    frames: () => times(1_000, rawFrame(FrameType.Priority, 0, 77, Buffer.alloc(5))),
  },
  {
    what: "frames of unknown types",
    abuse: "other-frames",
    frames: () => times(1_000, rawFrame(0x42, 0xff, 0, Buffer.alloc(10))),
  },
  {
    what: "resets of a stream that is over",
    abuse: "other-frames",
    first: [...open, reset(1)],
    frames: () => times(1_000, reset(1)),
  },
];

describe("a client that costs more than its budget loses its connection, and nobody else feels it", () => {
  test.each(Attacks)("$what", async ({ frames, abuse, first = [] }) => {
    const { listening, echoMs } = await withNeighbour();
    const attacker = await listening.connectH2();
    attacker.send(...first);
    const before = process.memoryUsage.rss();
    const ended = flood(attacker, frames);
    const slowest = Math.max(await echoMs(), await echoMs(), await echoMs());
    expect(await ended).toBe(EnhanceYourCalm);
    attacker.socket.destroy();
    await listening.until("its end", () => listening.closed.length === 1);
    expect(listening.abuses).toEqual([abuse]);
    expect(slowest).toBeLessThan(1_000);
    expect(await echoMs()).toBeLessThan(500);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
    expect(listening.errors).toEqual([]);
  });
});
