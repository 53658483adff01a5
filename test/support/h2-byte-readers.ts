import { FrameReader } from "../../src/transport/h2/frame-reader.ts";
import { H2ConnectionError } from "../../src/transport/h2/h2-codes.ts";
import { HpackDecoder, HpackError } from "../../src/transport/h2/hpack-decoder.ts";
import { hex, joined } from "./bits.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headerBlock,
  headersFrame,
  Preface,
  rawFrame,
  settingsFrame,
  uint32,
} from "./raw-h2.ts";

const Begin = Buffer.concat([Preface, settingsFrame(), headersFrame(1, connectFields())]);

const Settings: readonly (readonly [id: number, value: number])[] = [
  [4, 10],
  [5, 16_384],
  [8, 1],
];

const Frames: readonly Uint8Array[] = [
  settingsFrame(Settings),
  headersFrame(3, connectFields("/a")),
  headersFrame(5, [[":method", "GET"], ...connectFields("/b").slice(2)], { endStream: true }),
  rawFrame(FrameType.Data, Flag.None, 1, hex("81 82 00000000 6869")),
  rawFrame(FrameType.Data, 0x8, 1, hex("02 81 82 00000000 6869 0000")),
  rawFrame(FrameType.Data, Flag.EndStream, 1, hex("88 82 00000000 03e8")),
  rawFrame(FrameType.RstStream, Flag.None, 1, uint32(8)),
  rawFrame(FrameType.WindowUpdate, Flag.None, 0, uint32(1)),
  rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(2 ** 31 - 1)),
  rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8)),
  rawFrame(FrameType.GoAway, Flag.None, 0, Buffer.alloc(8)),
  rawFrame(FrameType.Continuation, Flag.EndHeaders, 1, Buffer.of(0x82)),
];

/** What clients of HTTP/2 say, and parts of it. */
export const Http2Pieces: readonly Uint8Array[] = [
  Begin,
  Buffer.concat([Begin, Frames[3]!]),
  Buffer.concat([Begin, Frames[5]!]),
  Preface,
  ...Frames,
].map((bytes) => new Uint8Array(bytes));

/** Header blocks, as literals, from the tables and in the Huffman code, and updates of the table's size. */
export const HeaderBlockPieces: readonly Uint8Array[] = [
  new Uint8Array(headerBlock(connectFields())),
  // RFC 7541 Appendix C.2–C.4.
  hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"),
  hex("040c 2f73 616d 706c 652f 7061 7468"),
  hex("1008 7061 7373 776f 7264 0673 6563 7265 74"),
  hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"),
  hex("8286 84be 5886 a8eb 1064 9cbf"),
  hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"),
  ...["20", "3fe11f", "3fe21f", "ff 80 80 80 80 10", "80", "c0", "7f ff"].map(hex),
];

/** The frames of HTTP/2 in `chunks`, DATA as one, and the code of the rule they break. */
export function readH2Frames(chunks: readonly Uint8Array[]): unknown {
  const frames: unknown[] = [];
  let data: Uint8Array[] = [];
  const reader = new FrameReader({
    onData: (flags, streamId, length) => (frames.push(["data", flags, streamId, length]), streamId % 4 !== 3),
    onDataBytes: (bytes, start, end) => data.push(bytes.slice(start, end)),
    onDataEnd: () => {
      frames.push(joined(data));
      data = [];
    },
    onFrameHeader: (type, flags, streamId, length) => (frames.push([type, flags, streamId, length]), type < 10),
    onFrame: (type, _flags, _streamId, payload) => frames.push([type, payload.slice()]),
  });
  try {
    for (const chunk of chunks) reader.read(chunk);
  } catch (error) {
    if (!(error instanceof H2ConnectionError)) throw error;
    return { frames, data: joined(data), code: error.code };
  }
  return { frames, data: joined(data) };
}

const FieldLimits = { maxHeaderBytes: 400, maxHeaderCount: 8 };

/** The field lines of `blocks`, one after the other, up to the first that is none. */
export function decodeHeaderBlocks(blocks: readonly Uint8Array[]): (readonly string[] | "too much" | "none")[] {
  const decoder = new HpackDecoder(256);
  const lists: (readonly string[] | "too much" | "none")[] = [];
  for (const block of blocks) {
    try {
      lists.push(decoder.decode(block, FieldLimits) ?? "too much");
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      return [...lists, "none"];
    }
  }
  return lists;
}

/** What no decoded list may be, one line each. */
export function headerFaults(lists: ReturnType<typeof decodeHeaderBlocks>): string[] {
  return lists.flatMap((list) => {
    if (typeof list === "string") return [];
    const bytes = list.reduce((sum, { length }) => sum + length, 16 * list.length);
    const isWithin = bytes <= FieldLimits.maxHeaderBytes && list.length <= 2 * FieldLimits.maxHeaderCount;
    return isWithin ? [] : [`a list of ${bytes} bytes`];
  });
}
