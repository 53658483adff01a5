import {
  connectFields,
  Flag,
  FrameType,
  H2Code,
  headerBlock,
  headersFrame,
  rawFrame,
  uint32,
} from "../../support/raw-h2.ts";
import type { Outcome } from "./outcome.ts";
import { connectionError, nothing, resetBy, streamError, type StreamRule } from "./rule.ts";
import { NextStream, Subject } from "./scene.ts";
import type { StreamState } from "./stream-state.ts";

const { ProtocolError, StreamClosed, Cancel } = H2Code;
const UnknownType = 0x42;
const AllFlags = 0xff;

const data = rawFrame(FrameType.Data, Flag.None, Subject, Buffer.from("more"));
const lastData = rawFrame(FrameType.Data, Flag.EndStream, Subject);
const trailers = headersFrame(Subject, [["x-trailer", "a"]], { endStream: true });
const headers = headersFrame(Subject, [["x-interim", "a"]]);
const priority = rawFrame(FrameType.Priority, Flag.None, Subject, Buffer.from([0, 0, 0, 0, 15]));
const windowUpdate = rawFrame(FrameType.WindowUpdate, Flag.None, Subject, uint32(1_000));
const reset = rawFrame(FrameType.RstStream, Flag.None, Subject, uint32(Cancel));
const continuation = rawFrame(FrameType.Continuation, Flag.EndHeaders, Subject, headerBlock([["x-a", "a"]]));
const pushPromise = rawFrame(FrameType.PushPromise, Flag.EndHeaders, Subject, uint32(2));
const unknown = rawFrame(UnknownType, AllFlags, Subject, Buffer.from("whatever"));

type Row = readonly [title: string, frame: Uint8Array, ...expected: Outcome[]];

const inState = (section: string, state: StreamState, rows: readonly Row[]): readonly StreamRule[] =>
  rows.map(([title, frame, ...expected]) => ({ section, title, state, frames: [frame], expected }));

const onStream = (section: string, rows: readonly Row[]): readonly StreamRule[] => inState(section, "open", rows);

const malformed = streamError(ProtocolError);
/** RFC 9113 §5.1: whoever knows that it was not on its way may end the connection, whoever does not discards it. */
const DiscardedOrFatal = [nothing, connectionError(StreamClosed)];

/** §5.1: what may come in which state; §8.5: what may come at all on a stream that CONNECT opened. */
export const StateRules: readonly StreamRule[] = [
  ...inState("5.1", "open", [
    ["WINDOW_UPDATE", windowUpdate, nothing],
    ["PRIORITY", priority, nothing],
    ["RST_STREAM", reset, resetBy(Cancel)],
    ["CONTINUATION", continuation, connectionError(ProtocolError)],
    ["PUSH_PROMISE", pushPromise, connectionError(ProtocolError)],
    ["a frame of an unknown type", unknown, nothing],
  ]),
  ...inState("5.1", "half-closed (remote)", [
    ["DATA", data, streamError(StreamClosed)],
    ["DATA without a byte", lastData, streamError(StreamClosed)],
    ["HEADERS", trailers, streamError(StreamClosed)],
    ["CONTINUATION", continuation, connectionError(ProtocolError)],
    ["WINDOW_UPDATE", windowUpdate, nothing],
    ["PRIORITY", priority, nothing],
    ["RST_STREAM", reset, resetBy(Cancel)],
    ["a frame of an unknown type", unknown, nothing],
  ]),
  ...inState("5.1", "half-closed (local)", [
    ["DATA", data, nothing],
    ["DATA with END_STREAM", lastData, { type: "over", ending: { type: "ended" } }],
    ["trailers", trailers, malformed],
    ["HEADERS without END_STREAM", headers, malformed],
    ["WINDOW_UPDATE", windowUpdate, nothing],
    ["PRIORITY", priority, nothing],
    ["RST_STREAM", reset, resetBy(Cancel)],
  ]),
  ...inState("5.1", "closed by both ends", [
    ["DATA", data, ...DiscardedOrFatal],
    ["HEADERS", trailers, ...DiscardedOrFatal],
    ["CONTINUATION", continuation, connectionError(ProtocolError)],
    ["WINDOW_UPDATE", windowUpdate, nothing],
    ["PRIORITY", priority, nothing],
    ["RST_STREAM", reset, nothing],
    ["a frame of an unknown type", unknown, nothing],
  ]),
  ...inState("5.1", "closed by the client's reset", [
    ["DATA", data, streamError(StreamClosed), ...DiscardedOrFatal],
    ["HEADERS", trailers, streamError(StreamClosed), ...DiscardedOrFatal],
    ["CONTINUATION", continuation, connectionError(ProtocolError)],
    ["PRIORITY", priority, nothing],
  ]),
  // All of it may have been on its way.
  ...inState("5.1", "closed by the server's reset", [
    ["DATA", data, nothing],
    ["DATA with END_STREAM", lastData, nothing],
    ["HEADERS", trailers, nothing],
    ["CONTINUATION", continuation, connectionError(ProtocolError)],
    ["WINDOW_UPDATE", windowUpdate, nothing],
    ["PRIORITY", priority, nothing],
    ["RST_STREAM", reset, nothing],
  ]),
  ...onStream("5.1", [
    ["DATA on an idle stream", rawFrame(FrameType.Data, 0, NextStream), connectionError(ProtocolError)],
    ["DATA on a stream of the server's", rawFrame(FrameType.Data, 0, 2), connectionError(ProtocolError)],
    [
      "WINDOW_UPDATE on an idle stream",
      rawFrame(FrameType.WindowUpdate, 0, NextStream, uint32(1)),
      connectionError(ProtocolError),
    ],
    [
      "RST_STREAM on an idle stream",
      rawFrame(FrameType.RstStream, 0, NextStream, uint32(Cancel)),
      connectionError(ProtocolError),
    ],
    ["an opening on a stream of the server's", headersFrame(2, connectFields()), connectionError(ProtocolError)],
  ]),
  ...onStream("8.5", [
    ["trailers", trailers, malformed],
    ["HEADERS without END_STREAM", headers, malformed],
    ["a second opening", headersFrame(Subject, connectFields()), malformed],
    ["a second opening with END_STREAM", headersFrame(Subject, connectFields(), { endStream: true }), malformed],
  ]),
];
