import { describe, expect, test } from "vitest";
import { ErrorCode, H2ConnectionError } from "../../../src/transport/h2/h2-codes.ts";
import { HeaderBlocks } from "../../../src/transport/h2/header-blocks.ts";
import { Flag, headerBlock } from "../../support/raw-h2.ts";

const Limits = { maxHeaderBytes: 1_000, maxHeaderCount: 10 };
const Priority = 0x20;
const block = headerBlock([
  [":method", "GET"],
  ["x-a", "b"],
]);
const Fields = [":method", "GET", "x-a", "b"];

function codeOf(run: () => unknown): ErrorCode | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof H2ConnectionError) return error.code;
    throw error;
  }
}

describe("a header block", () => {
  test("comes whole in one frame", () => {
    const blocks = new HeaderBlocks(Limits);
    expect(blocks.begin(Flag.EndHeaders | Flag.EndStream, 5, block)).toEqual({
      streamId: 5,
      endStream: true,
      dependsOnItself: false,
      fields: Fields,
      isCut: false,
    });
    expect(blocks.openStreamId).toBeUndefined();
  });

  test("comes in CONTINUATIONs, cut anywhere, whose memory is used again at once", () => {
    for (let first = 0; first <= block.length; first++) {
      for (let second = first; second <= block.length; second++) {
        const blocks = new HeaderBlocks(Limits);
        const parts = [block.subarray(0, first), block.subarray(first, second)].map((part) => Buffer.from(part));
        expect(blocks.begin(Flag.None, 1, parts[0]!)).toBeUndefined();
        expect(blocks.openStreamId).toBe(1);
        parts[0]!.fill(0xff);
        expect(blocks.continue(Flag.None, parts[1]!)).toBeUndefined();
        parts[1]!.fill(0xff);
        expect(blocks.continue(Flag.EndHeaders, block.subarray(second))?.fields).toEqual(Fields);
      }
    }
  });

  test("has padding and priority that are no part of it", () => {
    const payload = Buffer.concat([Buffer.from([2, 0, 0, 0, 7, 16]), block, Buffer.alloc(2)]);
    const read = new HeaderBlocks(Limits).begin(Flag.EndHeaders | Flag.Padded | Priority, 5, payload);
    expect(read).toMatchObject({ fields: Fields, dependsOnItself: false });
  });

  test("tells a stream that depends on itself, whatever the exclusive bit", () => {
    const payload = Buffer.concat([Buffer.from([0x80, 0, 0, 5, 16]), block]);
    expect(new HeaderBlocks(Limits).begin(Flag.EndHeaders | Priority, 5, payload)?.dependsOnItself).toBe(true);
  });

  test("that has too much is read to its end, and keeps its beginning", () => {
    const blocks = new HeaderBlocks(Limits);
    const indexed = headerBlock([["x-new", "kept in the table"]]);
    indexed[0] = 0x40;
    const much = Buffer.concat([block, headerBlock([["x-long", "a".repeat(2_000)]]), indexed]);
    expect(blocks.begin(Flag.EndHeaders, 1, much)).toMatchObject({ fields: Fields, isCut: true });
    const next = blocks.begin(Flag.EndHeaders, 3, Buffer.from([0x80 | 62]));
    expect(next).toMatchObject({ fields: ["x-new", "kept in the table"], isCut: false });
  });

  test.each([
    {
      what: "is not HPACK",
      flags: Flag.EndHeaders,
      payload: Buffer.from([0xff, 0xff, 0xff]),
      code: ErrorCode.CompressionError,
    },
    { what: "has no room for its priority", flags: Priority, payload: Buffer.alloc(4), code: ErrorCode.FrameSizeError },
    { what: "has no padding length", flags: Flag.Padded, payload: Buffer.alloc(0), code: ErrorCode.FrameSizeError },
    { what: "has too much padding", flags: Flag.Padded, payload: Buffer.from([2, 0]), code: ErrorCode.ProtocolError },
  ])("that $what ends the connection", ({ flags, payload, code }) => {
    expect(codeOf(() => new HeaderBlocks(Limits).begin(flags, 1, payload))).toBe(code);
  });

  test("that goes on and on ends the connection while it comes", () => {
    const blocks = new HeaderBlocks(Limits);
    blocks.begin(Flag.None, 1, block);
    let taken = 0;
    const code = codeOf(() => {
      for (; taken < 100; taken++) blocks.continue(Flag.None, Buffer.alloc(1_000));
    });
    expect(code).toBe(ErrorCode.EnhanceYourCalm);
    expect(taken).toBeLessThanOrEqual(66);
  });

  test("of nothing but CONTINUATIONs ends the connection soon", () => {
    const blocks = new HeaderBlocks(Limits);
    blocks.begin(Flag.None, 1, block);
    for (let frame = 0; frame < 64; frame++) blocks.continue(Flag.None, Buffer.alloc(0));
    expect(codeOf(() => blocks.continue(Flag.EndHeaders, Buffer.alloc(0)))).toBe(ErrorCode.EnhanceYourCalm);
  });
});
