import type { SessionClient, SessionStream } from "./h2-session-client.ts";
import type { FaultName } from "./h2-session-steps.ts";
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

const MaxWindow = 2 ** 31 - 1;
const Trailer = headerBlock([["x-trailer", "a"]]);

/** On which streams a fault can be committed. */
const Live = (stream: SessionStream): boolean => stream.own === "open" && stream.end === "open";
const Halves = {
  open: Live,
  "open, and not the first": (stream: SessionStream) => Live(stream) && stream.id > 1,
  "own ended": ({ own, end }: SessionStream) => own === "ended" && end === "open",
  "both ended": ({ own, end }: SessionStream) => own === "ended" && end === "ended",
  reset: ({ own, end }: SessionStream) => own === "reset" && end === "open",
} as const;

interface Fault {
  /** In which state the stream has to be that `frames` are for; none is needed where not told. */
  readonly state?: keyof typeof Halves;
  readonly frames: (streamId: number, idleId: number) => readonly Buffer[];
}

const data = (id: number): Buffer => rawFrame(FrameType.Data, Flag.None, id, Buffer.from("more"));
const trailers = (id: number): Buffer => headersFrame(id, [["x-trailer", "a"]], { endStream: true });
const reset = (id: number): Buffer => rawFrame(FrameType.RstStream, Flag.None, id, uint32(8));
const update = (id: number, bytes: number): Buffer => rawFrame(FrameType.WindowUpdate, Flag.None, id, uint32(bytes));
const onConnection = (type: number, bytes: number, flags: number = Flag.None): readonly Buffer[] => [
  rawFrame(type, flags, 0, Buffer.alloc(bytes)),
];
const begun = (id: number): Buffer => rawFrame(FrameType.Headers, Flag.None, id, headerBlock(connectFields()));

const Faults: Readonly<Record<FaultName, Fault>> = {
  "data-behind-end": { state: "own ended", frames: (id) => [data(id)] },
  "headers-behind-end": { state: "own ended", frames: (id) => [trailers(id)] },
  "data-behind-both-ends": { state: "both ended", frames: (id) => [data(id)] },
  "data-behind-reset": { state: "reset", frames: (id) => [data(id)] },
  "headers-behind-reset": { state: "reset", frames: (id) => [trailers(id)] },
  "second-opening": { state: "open", frames: (id) => [headersFrame(id, connectFields("/echo"))] },
  "headers-without-end": { state: "open", frames: (id) => [headersFrame(id, [["x-interim", "a"]])] },
  "data-on-idle": { frames: (_id, idle) => [data(idle)] },
  "data-on-even": { frames: () => [data(2)] },
  "even-opening": { frames: (_id, idle) => [headersFrame(idle + 1, connectFields("/echo"))] },
  "earlier-opening": {
    state: "open, and not the first",
    frames: (id) => [headersFrame(id - 2, connectFields("/echo"))],
  },
  "reset-on-idle": { frames: (_id, idle) => [reset(idle)] },
  "update-on-idle": { frames: (_id, idle) => [update(idle, 1)] },
  "data-on-0": { frames: () => [data(0)] },
  "headers-on-0": { frames: () => [trailers(0)] },
  "settings-on-stream": { state: "open", frames: (id) => [rawFrame(FrameType.Settings, Flag.None, id)] },
  "ping-on-stream": { state: "open", frames: (id) => [rawFrame(FrameType.Ping, Flag.None, id, Buffer.alloc(8))] },
  "reset-on-0": { frames: () => [reset(0)] },
  "ping-of-7": { frames: () => onConnection(FrameType.Ping, 7) },
  "update-of-3": { frames: () => onConnection(FrameType.WindowUpdate, 3) },
  "reset-of-5": {
    state: "open",
    frames: (id) => [rawFrame(FrameType.RstStream, Flag.None, id, Buffer.alloc(5))],
  },
  "settings-of-5": { frames: () => onConnection(FrameType.Settings, 5) },
  "ack-of-6": { frames: () => onConnection(FrameType.Settings, 6, Flag.Ack) },
  "goaway-of-7": { frames: () => onConnection(FrameType.GoAway, 7) },
  "priority-of-4": {
    state: "open",
    frames: (id) => [rawFrame(FrameType.Priority, Flag.None, id, Buffer.alloc(4))],
  },
  "frame-too-long": {
    state: "open",
    frames: (id) => [rawFrame(FrameType.Data, Flag.None, id, Buffer.alloc(16_385))],
  },
  "padding-too-long": {
    state: "open",
    frames: (id) => [rawFrame(FrameType.Data, Flag.Padded, id, Buffer.from([200, 0, 0]))],
  },
  "headers-padding": {
    frames: (_id, idle) => [rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.Padded, idle, Buffer.from([9, 0]))],
  },
  "no-hpack": {
    frames: (_id, idle) => [rawFrame(FrameType.Headers, Flag.EndHeaders, idle, Buffer.from([0xff, 0xff, 0xff]))],
  },
  "table-too-large": {
    // An update of the table's size, to 2^20.
    frames: (_id, idle) => [
      rawFrame(FrameType.Headers, Flag.EndHeaders, idle, Buffer.from([0x3f, 0xe1, 0xff, 0x3f, 0x82])),
    ],
  },
  "update-of-0": { state: "open", frames: (id) => [update(id, 0)] },
  "update-all-of-0": { frames: () => [update(0, 0)] },
  "window-too-large": { state: "open", frames: (id) => [update(id, MaxWindow), update(id, MaxWindow)] },
  "window-all-too-large": { frames: () => [update(0, MaxWindow), update(0, MaxWindow)] },
  "initial-too-large": { frames: () => [settingsFrame([[4, MaxWindow + 1]])] },
  "frame-size-too-small": { frames: () => [settingsFrame([[5, 16_383]])] },
  "push-of-2": { frames: () => [settingsFrame([[2, 2]])] },
  "push-promise": {
    state: "open",
    frames: (id) => [rawFrame(FrameType.PushPromise, Flag.EndHeaders, id, Buffer.concat([uint32(2), Trailer]))],
  },
  continuation: { state: "open", frames: (id) => [rawFrame(FrameType.Continuation, Flag.EndHeaders, id, Trailer)] },
  "data-in-block": { state: "open", frames: (id, idle) => [begun(idle), data(id)] },
  "ping-in-block": { frames: (_id, idle) => [begun(idle), ...onConnection(FrameType.Ping, 8)] },
  "unknown-in-block": { frames: (_id, idle) => [begun(idle), rawFrame(0x42, 0xff, idle, Buffer.alloc(3))] },
  "depends-on-itself": {
    frames: (_id, idle) => [
      rawFrame(
        FrameType.Headers,
        Flag.EndHeaders | 0x20,
        idle,
        Buffer.concat([uint32(idle), Buffer.of(15), headerBlock(connectFields("/echo"))]),
      ),
    ],
  },
  "answer-to-no-ping": { frames: () => onConnection(FrameType.Ping, 8, Flag.Ack) },
  "goaway-with-error": { frames: () => [rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, 2))] },
};

/** The frames of `fault` on a stream that `slot` picks, and the stream they are judged by; `undefined` if there is none. */
export function faultOf(
  fault: FaultName,
  client: SessionClient,
  slot: number,
): { readonly frames: readonly Buffer[]; readonly streamId: number } | undefined {
  const { state, frames } = Faults[fault];
  const idle = client.lastId + 4;
  if (state === undefined) return { frames: frames(0, idle), streamId: idle };
  // In which state trailers leave a stream that must not have them is not for each engine the same.
  const stream = client.pick(slot, (one) => Halves[state](one) && !one.hasTrailers);
  return stream && { frames: frames(stream.id, idle), streamId: stream.id };
}

/** A fault that the engines answer each in its own way, where the RFC leaves a choice. */
export interface Difference {
  readonly fault: FaultName;
  readonly node: string;
  readonly hawser: string;
  readonly reason: string;
}

const ForAll = "node:http2 ends the connection, as RFC 9113 §5.4.1 lets it do for an error of a stream.";
const Discarded = "RFC 9113 §5.1 lets an endpoint discard what comes on a closed stream, or take it for an error.";

/** All there are. One that is not what happens fails the test, so that the list stays true. */
export const Differences: readonly Difference[] = [
  { fault: "data-behind-end", node: "connection 5", hawser: "stream 5", reason: ForAll },
  { fault: "headers-behind-end", node: "connection 5", hawser: "stream 5", reason: ForAll },
  { fault: "priority-of-4", node: "connection 6", hawser: "stream 6", reason: ForAll },
  { fault: "update-of-0", node: "connection 1", hawser: "stream 1", reason: ForAll },
  { fault: "window-too-large", node: "connection 3", hawser: "stream 3", reason: ForAll },
  { fault: "depends-on-itself", node: "connection 1", hawser: "stream 1", reason: ForAll },
  { fault: "data-behind-both-ends", node: "nothing", hawser: "connection 5", reason: Discarded },
  { fault: "earlier-opening", node: "nothing", hawser: "connection 5", reason: Discarded },
  {
    fault: "answer-to-no-ping",
    node: "connection 2",
    hawser: "nothing",
    reason: "RFC 9113 §6.7 does not say what it is; node:http2 ends the connection, since nobody honest sends one.",
  },
];
