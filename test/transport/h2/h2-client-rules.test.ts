import { expect, test } from "vitest";
import { connectHawser } from "../../support/hawser-client.ts";
import { fatalCode, goAwaysOf } from "../../support/hawser-serving.ts";
import { Flag, FrameType, H2Code, headerBlock, headersFrame, rawFrame } from "../../support/raw-h2.ts";
import { settingsFrame, uint32 } from "../../support/raw-h2.ts";

// The rules that a server may break for its connection, and the code of the GOAWAY it gets (RFC 9113 §5–6, RFC 8441 §3).

const { Headers, RstStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation } = FrameType;
const { None, Ack, EndHeaders, Padded } = Flag;
const { ProtocolError, FlowControlError, StreamClosed, FrameSizeError, CompressionError } = H2Code;
const EnhanceYourCalm = 11;
const Status200: [string, string][] = [[":status", "200"]];

const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);
const setting = (id: number, value: number): Buffer => settingsFrame([[id, value]]);
const goAway = (lastStreamId: number): Buffer => rawFrame(GoAway, None, 0, uint32(lastStreamId, 0));
const data = (streamId: number, bytes: number): Buffer => rawFrame(FrameType.Data, None, streamId, zeros(bytes));
const widen = (streamId: number, bytes: number): Buffer => rawFrame(WindowUpdate, None, streamId, uint32(bytes));
const times = (count: number, frame: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => frame));

test.each([
  { rule: "a PING before SETTINGS", frames: [rawFrame(Ping, None, 0, zeros(8))], code: ProtocolError },
  { rule: "an acknowledgement before SETTINGS", frames: [rawFrame(Settings, Ack, 0)], code: ProtocolError },
  { rule: "an answer of HTTP/1.1", frames: [Buffer.from("HTTP/1.1 400 Bad\r\n\r\n")], code: FrameSizeError },
])("a server is told $code for $rule", async ({ frames, code }) => {
  const { server } = await connectHawser({ first: Buffer.concat(frames) });
  expect(await fatalCode(server)).toBe(code);
});

const push = rawFrame(PushPromise, EndHeaders, 1, Buffer.concat([uint32(2), headerBlock([])]));
const openBlock = rawFrame(Headers, None, 1);

test.each([
  { rule: "SETTINGS on a stream", frames: [rawFrame(Settings, None, 1)], code: ProtocolError },
  { rule: "SETTINGS of five bytes", frames: [rawFrame(Settings, None, 0, zeros(5))], code: FrameSizeError },
  { rule: "SETTINGS ACK with a payload", frames: [rawFrame(Settings, Ack, 0, zeros(6))], code: FrameSizeError },
  { rule: "ENABLE_PUSH, which a server does not say", frames: [setting(2, 1)], code: ProtocolError },
  { rule: "a first window that is too large", frames: [setting(4, 2 ** 31)], code: FlowControlError },
  { rule: "a frame size that is too small", frames: [setting(5, 16_383)], code: ProtocolError },
  { rule: "ENABLE_CONNECT_PROTOCOL of two", frames: [setting(8, 2)], code: ProtocolError },
  { rule: "ENABLE_CONNECT_PROTOCOL taken back", frames: [setting(8, 0)], code: ProtocolError },
  { rule: "PUSH_PROMISE", frames: [push], code: ProtocolError },
  { rule: "a stream of its own", frames: [headersFrame(2, Status200)], code: ProtocolError },
  { rule: "HEADERS on an idle stream", frames: [headersFrame(3, Status200)], code: ProtocolError },
  { rule: "HEADERS on the connection", frames: [headersFrame(0, Status200)], code: ProtocolError },
  { rule: "DATA on an idle stream", frames: [data(3, 1)], code: ProtocolError },
  { rule: "DATA on an even stream", frames: [data(2, 1)], code: ProtocolError },
  { rule: "DATA on the connection", frames: [data(0, 1)], code: ProtocolError },
  { rule: "a frame that is too long", frames: [data(1, 16_385)], code: FrameSizeError },
  { rule: "RST_STREAM of an idle stream", frames: [rawFrame(RstStream, None, 3, uint32(8))], code: ProtocolError },
  { rule: "RST_STREAM of three bytes", frames: [rawFrame(RstStream, None, 1, zeros(3))], code: FrameSizeError },
  { rule: "WINDOW_UPDATE of an idle stream", frames: [widen(3, 1)], code: ProtocolError },
  { rule: "WINDOW_UPDATE of nothing", frames: [widen(0, 0)], code: ProtocolError },
  { rule: "WINDOW_UPDATE of three bytes", frames: [rawFrame(WindowUpdate, None, 0, zeros(3))], code: FrameSizeError },
  { rule: "a window that is too large", frames: [widen(0, 2 ** 31 - 1)], code: FlowControlError },
  {
    rule: "a stream's window that SETTINGS make too large",
    frames: [widen(1, 2 ** 31 - 1 - 65_535), setting(4, 65_536)],
    code: FlowControlError,
  },
  { rule: "PING on a stream", frames: [rawFrame(Ping, None, 1, zeros(8))], code: ProtocolError },
  { rule: "PING of seven bytes", frames: [rawFrame(Ping, None, 0, zeros(7))], code: FrameSizeError },
  { rule: "GOAWAY on a stream", frames: [rawFrame(GoAway, None, 1, zeros(8))], code: ProtocolError },
  { rule: "GOAWAY of seven bytes", frames: [rawFrame(GoAway, None, 0, zeros(7))], code: FrameSizeError },
  { rule: "GOAWAY with a stream of its own", frames: [goAway(2)], code: ProtocolError },
  { rule: "GOAWAY with a later stream than before", frames: [goAway(1), goAway(3)], code: ProtocolError },
  { rule: "CONTINUATION of nothing", frames: [rawFrame(Continuation, EndHeaders, 1)], code: ProtocolError },
  { rule: "a frame within a block", frames: [openBlock, rawFrame(Ping, None, 0, zeros(8))], code: ProtocolError },
  {
    rule: "CONTINUATION of another stream",
    frames: [openBlock, rawFrame(Continuation, EndHeaders, 3)],
    code: ProtocolError,
  },
  {
    rule: "a block that is no HPACK",
    frames: [rawFrame(Headers, EndHeaders, 1, Buffer.of(0x80))],
    code: CompressionError,
  },
  { rule: "padding alone", frames: [rawFrame(Headers, EndHeaders | Padded, 1, Buffer.of(9))], code: ProtocolError },
  {
    rule: "a head in many frames",
    frames: [openBlock, times(100, rawFrame(Continuation, None, 1))],
    code: EnhanceYourCalm,
  },
  { rule: "a flood of PINGs", frames: [times(6_000, rawFrame(Ping, Ack, 0, zeros(8)))], code: EnhanceYourCalm },
])("a server is told $code for $rule, and its WebSockets are lost", async ({ frames, code }) => {
  const hawser = await connectHawser();
  const { result } = hawser.ask();
  hawser.server.send(...frames);
  expect(await fatalCode(hawser.server)).toBe(code);
  // A server opens no streams.
  expect(goAwaysOf(hawser.server).at(-1)?.[0]).toBe(0);
  expect(await result).toMatchObject({ type: "lost" });
  await hawser.until("the end", () => hawser.told.includes("closed"));
  expect(hawser.told).toEqual(["settings", "leaving", "closed"]);
});

test("a server that goes on behind the end of both halves is told STREAM_CLOSED", async () => {
  const hawser = await connectHawser();
  const { stream, observer } = await hawser.open();
  hawser.server.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
  stream.end();
  await observer.until("the end", () => observer.ending !== undefined);
  await hawser.server.roundTrip();
  hawser.server.send(data(1, 1));
  expect(await fatalCode(hawser.server)).toBe(StreamClosed);
});
