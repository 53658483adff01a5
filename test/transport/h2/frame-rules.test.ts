import { expect, test } from "vitest";
import { brokenFrameRule } from "../../../src/transport/h2/frame-rules.ts";
import { Flag, FrameType, H2Code } from "../../support/raw-h2.ts";

const { ProtocolError, FrameSizeError } = H2Code;
const { Data, Headers, Priority, RstStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation } =
  FrameType;

const PriorityUpdate = 16;

/** Streams up to 5 have been opened. */
const Last = 5;

type Row = readonly [
  what: string,
  header: readonly [type: number, flags: number, streamId: number, length: number],
  code: number | undefined,
  isWithinBlock?: boolean,
];

const Rows: readonly Row[] = [
  ["DATA", [Data, 0, 5, 10], undefined],
  ["DATA on stream 0", [Data, 0, 0, 10], ProtocolError],
  ["DATA on an idle stream", [Data, 0, 7, 10], ProtocolError],
  ["DATA on an even stream", [Data, 0, 4, 10], ProtocolError],
  ["HEADERS of a new stream", [Headers, 0, 7, 10], undefined],
  ["HEADERS of an old stream", [Headers, 0, 3, 10], undefined],
  ["HEADERS on stream 0", [Headers, 0, 0, 10], ProtocolError],
  ["HEADERS on an even stream", [Headers, 0, 8, 10], ProtocolError],
  ["PRIORITY of an idle stream", [Priority, 0, 99, 5], undefined],
  ["PRIORITY of an even stream", [Priority, 0, 2, 5], undefined],
  ["PRIORITY that is too short: an error of its stream", [Priority, 0, 5, 4], undefined],
  ["PRIORITY on stream 0", [Priority, 0, 0, 5], ProtocolError],
  ["RST_STREAM", [RstStream, 0, 5, 4], undefined],
  ["RST_STREAM of 5 bytes", [RstStream, 0, 5, 5], FrameSizeError],
  ["RST_STREAM on an idle stream", [RstStream, 0, 7, 4], ProtocolError],
  ["RST_STREAM on stream 0", [RstStream, 0, 0, 4], ProtocolError],
  ["SETTINGS", [Settings, 0, 0, 12], undefined],
  ["SETTINGS of nothing", [Settings, 0, 0, 0], undefined],
  ["SETTINGS of 13 bytes", [Settings, 0, 0, 13], FrameSizeError],
  ["SETTINGS on a stream", [Settings, 0, 1, 0], ProtocolError],
  ["an acknowledgement", [Settings, Flag.Ack, 0, 0], undefined],
  ["an acknowledgement of 6 bytes", [Settings, Flag.Ack, 0, 6], FrameSizeError],
  ["PUSH_PROMISE", [PushPromise, 0, 5, 4], ProtocolError],
  ["PING", [Ping, 0, 0, 8], undefined],
  ["PING of 9 bytes", [Ping, 0, 0, 9], FrameSizeError],
  ["PING on a stream", [Ping, 0, 5, 8], ProtocolError],
  ["GOAWAY", [GoAway, 0, 0, 8], undefined],
  ["GOAWAY with words", [GoAway, 0, 0, 80], undefined],
  ["GOAWAY of 7 bytes", [GoAway, 0, 0, 7], FrameSizeError],
  ["GOAWAY on a stream", [GoAway, 0, 5, 8], ProtocolError],
  ["WINDOW_UPDATE", [WindowUpdate, 0, 5, 4], undefined],
  ["WINDOW_UPDATE of the connection", [WindowUpdate, 0, 0, 4], undefined],
  ["WINDOW_UPDATE of 3 bytes", [WindowUpdate, 0, 0, 3], FrameSizeError],
  ["WINDOW_UPDATE on an idle stream", [WindowUpdate, 0, 7, 4], ProtocolError],
  ["CONTINUATION of a block", [Continuation, 0, 7, 4], undefined, true],
  ["CONTINUATION alone", [Continuation, 0, 5, 4], ProtocolError],
  ["CONTINUATION on stream 0", [Continuation, 0, 0, 4], ProtocolError, true],
  ["PRIORITY_UPDATE", [PriorityUpdate, 0, 0, 4], undefined],
  ["PRIORITY_UPDATE of 3 bytes", [PriorityUpdate, 0, 0, 3], FrameSizeError],
  ["PRIORITY_UPDATE on a stream", [PriorityUpdate, 0, 5, 4], ProtocolError],
  ["a frame of an unknown type", [0x42, 0xff, 8, 40], undefined],
];

const cases = Rows.map(([what, header, code, isWithinBlock = false]) => ({ what, header, code, isWithinBlock }));

test.each(cases)("$what: $code", ({ header: [type, flags, streamId, length], code, isWithinBlock }) => {
  expect(brokenFrameRule({ type, flags, streamId, length }, Last, isWithinBlock)).toBe(code);
});

test("a server says nothing of the priority of streams", () => {
  const header = { type: PriorityUpdate, flags: 0, streamId: 0, length: 4 };
  expect(brokenFrameRule(header, Last, false, "us")).toBe(ProtocolError);
});
