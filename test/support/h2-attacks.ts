import type { ConnectionAbuse } from "../../src/transport/connection-abuse.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headerBlock,
  headersFrame,
  rawFrame,
  settingsFrame,
  uint32,
} from "./raw-h2.ts";

const Cancel = 8;

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

/** Frames of a client that has nothing in mind but what they cost. */
export interface H2Attack {
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
export const H2Attacks: readonly H2Attack[] = [
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
