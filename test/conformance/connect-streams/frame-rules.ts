import {
  Flag,
  FrameType,
  H2Code,
  headerBlock,
  headersFrame,
  rawFrame,
  settingsFrame,
  uint32,
} from "../../support/raw-h2.ts";
import type { Outcome } from "./outcome.ts";
import { connectionError, nothing, resetBy, streamError, type StreamRule } from "./rule.ts";
import { Neighbour, Subject } from "./scene.ts";

const { ProtocolError, FrameSizeError, FlowControlError, CompressionError } = H2Code;
const Setting = { EnablePush: 2, InitialWindowSize: 4, MaxFrameSize: 5, EnableConnect: 8, Unknown: 0xf00d } as const;
const MaxWindow = 2 ** 31 - 1;
const DefaultFrameBytes = 16_384;

type Row = readonly [title: string, frames: Uint8Array | readonly Uint8Array[], ...expected: Outcome[]];

const onOpenStream = (section: string, rows: readonly Row[]): readonly StreamRule[] =>
  rows.map(([title, frames, ...expected]) => ({
    section,
    title,
    state: "open",
    frames: frames instanceof Uint8Array ? [frames] : frames,
    expected,
  }));

const onSubject = (type: number, payload: Uint8Array, flags: number = Flag.None): Buffer =>
  rawFrame(type, flags, Subject, payload);
const onConnection = (type: number, payload: Uint8Array, flags: number = Flag.None): Buffer =>
  rawFrame(type, flags, 0, payload);

const forbidden = connectionError(ProtocolError);
const wrongSize = connectionError(FrameSizeError);

const block = headerBlock([["x-trailer", "a"]]);
const beginning = rawFrame(FrameType.Headers, Flag.EndStream, Subject, block.subarray(0, 4));
const ending = rawFrame(FrameType.Continuation, Flag.EndHeaders, Subject, block.subarray(4));
const within = (frame: Uint8Array): readonly Uint8Array[] => [beginning, frame, ending];

const DataRules = onOpenStream("6.1", [
  ["DATA on stream 0", onConnection(FrameType.Data, Buffer.from("a")), forbidden],
  ["padding as long as the payload", onSubject(FrameType.Data, Buffer.from([3, 0, 0]), Flag.Padded), forbidden],
  ["padding that is longer", onSubject(FrameType.Data, Buffer.from([200, 0, 0]), Flag.Padded), forbidden],
  [
    // §4.2 takes it for a frame that is too small, §6.1 for padding that is too long, for the stream or for all.
    "padding without its length",
    onSubject(FrameType.Data, Buffer.alloc(0), Flag.Padded),
    wrongSize,
    forbidden,
    streamError(FrameSizeError),
  ],
  ["nothing but padding", onSubject(FrameType.Data, Buffer.from([2, 0, 0]), Flag.Padded), nothing],
  ["no byte", [1, 2, 3].map(() => onSubject(FrameType.Data, Buffer.alloc(0))), nothing],
  [
    // §4.2 leaves it to the server what it costs.
    "a frame larger than may be",
    onSubject(FrameType.Data, Buffer.alloc(DefaultFrameBytes + 1)),
    wrongSize,
    streamError(FrameSizeError),
  ],
]);

const SmallFrameRules = [
  ...onOpenStream("6.2", [
    ["HEADERS on stream 0", rawFrame(FrameType.Headers, Flag.EndHeaders, 0, block), forbidden],
    [
      "HEADERS with more padding than payload",
      onSubject(FrameType.Headers, Buffer.from([9, 0]), Flag.EndHeaders | Flag.Padded),
      forbidden,
    ],
    [
      "a block that is not HPACK",
      onSubject(FrameType.Headers, Buffer.from([0xff, 0xff, 0xff]), Flag.EndHeaders),
      connectionError(CompressionError),
    ],
  ]),
  ...onOpenStream("6.3", [
    ["PRIORITY on stream 0", onConnection(FrameType.Priority, Buffer.alloc(5)), forbidden],
    ["PRIORITY that is too short", onSubject(FrameType.Priority, Buffer.alloc(4)), streamError(FrameSizeError)],
  ]),
  ...onOpenStream("6.4", [
    ["RST_STREAM on stream 0", onConnection(FrameType.RstStream, uint32(0)), forbidden],
    ["RST_STREAM that is too short", onSubject(FrameType.RstStream, Buffer.alloc(3)), wrongSize],
    ["RST_STREAM that is too long", onSubject(FrameType.RstStream, Buffer.alloc(5)), wrongSize],
    ["RST_STREAM with an unknown code", onSubject(FrameType.RstStream, uint32(0xabcd)), resetBy(0xabcd)],
  ]),
  ...onOpenStream("6.7", [
    ["PING on the stream", onSubject(FrameType.Ping, Buffer.alloc(8)), forbidden],
    ["PING that is too short", onConnection(FrameType.Ping, Buffer.alloc(7)), wrongSize],
  ]),
  ...onOpenStream("6.8", [["GOAWAY on the stream", onSubject(FrameType.GoAway, uint32(0, 0)), forbidden]]),
];

const SettingsRules = onOpenStream("6.5", [
  ["SETTINGS on the stream", onSubject(FrameType.Settings, Buffer.alloc(0)), forbidden],
  ["an acknowledgement with a payload", onConnection(FrameType.Settings, Buffer.alloc(6), Flag.Ack), wrongSize],
  ["a length that is no multiple of 6", onConnection(FrameType.Settings, Buffer.alloc(5)), wrongSize],
  [
    "INITIAL_WINDOW_SIZE above 2^31-1",
    settingsFrame([[Setting.InitialWindowSize, MaxWindow + 1]]),
    connectionError(FlowControlError),
  ],
  ["MAX_FRAME_SIZE below 2^14", settingsFrame([[Setting.MaxFrameSize, DefaultFrameBytes - 1]]), forbidden],
  ["MAX_FRAME_SIZE of 2^24", settingsFrame([[Setting.MaxFrameSize, 2 ** 24]]), forbidden],
  ["ENABLE_PUSH of 2", settingsFrame([[Setting.EnablePush, 2]]), forbidden],
  ["ENABLE_CONNECT_PROTOCOL, of no meaning to a server", settingsFrame([[Setting.EnableConnect, 1]]), nothing],
  ["an unknown setting", settingsFrame([[Setting.Unknown, 1]]), nothing],
  ["an empty frame", settingsFrame(), nothing],
  [
    "a window that INITIAL_WINDOW_SIZE makes larger than 2^31-1",
    [
      onSubject(FrameType.WindowUpdate, uint32(MaxWindow - 65_535)),
      settingsFrame([[Setting.InitialWindowSize, 65_536]]),
    ],
    connectionError(FlowControlError),
  ],
]);

const WindowRules = onOpenStream("6.9", [
  ["WINDOW_UPDATE of 0 for the stream", onSubject(FrameType.WindowUpdate, uint32(0)), streamError(ProtocolError)],
  ["WINDOW_UPDATE of 0 for the connection", onConnection(FrameType.WindowUpdate, uint32(0)), forbidden],
  ["WINDOW_UPDATE that is too short", onSubject(FrameType.WindowUpdate, Buffer.alloc(3)), wrongSize],
  ["WINDOW_UPDATE that is too long", onSubject(FrameType.WindowUpdate, Buffer.alloc(5)), wrongSize],
  ["WINDOW_UPDATE with the reserved bit", onSubject(FrameType.WindowUpdate, uint32(2 ** 31 + 1)), nothing],
  ["a stream's window of 2^31-1", onSubject(FrameType.WindowUpdate, uint32(MaxWindow - 65_535)), nothing],
  [
    "a stream's window above 2^31-1",
    onSubject(FrameType.WindowUpdate, uint32(MaxWindow)),
    streamError(FlowControlError),
  ],
  [
    "a connection's window above 2^31-1",
    onConnection(FrameType.WindowUpdate, uint32(MaxWindow)),
    connectionError(FlowControlError),
  ],
]);

const ContinuationRules = onOpenStream("6.10", [
  ["a block in two parts, which may not be here whole", [beginning, ending], streamError(ProtocolError)],
  ["CONTINUATION behind a block", [headersFrame(Subject, []), ending], forbidden],
  ["CONTINUATION on stream 0", rawFrame(FrameType.Continuation, Flag.EndHeaders, 0, block), forbidden],
  ["DATA within a block", within(onSubject(FrameType.Data, Buffer.from("a"))), forbidden],
  [
    "DATA of another stream within a block",
    within(rawFrame(FrameType.Data, 0, Neighbour, Buffer.from("a"))),
    forbidden,
  ],
  [
    "CONTINUATION of another stream within a block",
    within(rawFrame(FrameType.Continuation, 0, Neighbour, block)),
    forbidden,
  ],
  ["HEADERS within a block", within(headersFrame(Subject, [["x-a", "a"]])), forbidden],
  ["RST_STREAM within a block", within(onSubject(FrameType.RstStream, uint32(8))), forbidden],
  ["PING within a block", within(onConnection(FrameType.Ping, Buffer.alloc(8))), forbidden],
  ["a frame of an unknown type within a block", within(onSubject(0x42, Buffer.alloc(0))), forbidden],
]);

/** §6: each frame by itself, and what §6.10 says of those within a header block. */
export const FrameRules: readonly StreamRule[] = [
  ...DataRules,
  ...SmallFrameRules,
  ...SettingsRules,
  ...WindowRules,
  ...ContinuationRules,
];
