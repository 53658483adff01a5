import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeFrameHeader,
  headerLengthOf,
  MaxHeaderBytes,
  parseFrameHeader,
} from "../../../src/protocol/frame/frame-header.ts";
import { WebSocketError } from "../../../src/protocol/errors.ts";
import { bits, hex } from "../../support/bits.ts";

/** All headers that can be read, reserved bits and opcodes included, with each form of length well represented. */
const anyHeader = fc.record({
  fin: fc.boolean(),
  rsv: fc.nat(7),
  opcode: fc.nat(15),
  maskKey: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined }),
  payloadLength: fc.oneof(
    fc.nat(200),
    fc.integer({ min: 65_400, max: 65_700 }),
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  ),
});

function encoded(header: Parameters<typeof encodeFrameHeader>[0]): Uint8Array {
  const target = new Uint8Array(MaxHeaderBytes);
  return target.subarray(0, encodeFrameHeader(header, target));
}

const pictures = [
  //                                F RSV  op   M length   extended or mask
  { name: "short text", bytes: bits("1 000 0001  0 0000101"), opcode: 1, payloadLength: 5 },
  { name: "first fragment", bytes: bits("0 000 0010  0 0000001"), fin: false, opcode: 2, payloadLength: 1 },
  { name: "continuation", bytes: bits("0 000 0000  0 0000000"), fin: false, opcode: 0, payloadLength: 0 },
  { name: "longest 7-bit length", bytes: bits("1 000 0010  0 1111101"), opcode: 2, payloadLength: 125 },
  {
    name: "shortest 16-bit length",
    bytes: bits("1 000 0010  0 1111110 00000000 01111110"),
    opcode: 2,
    payloadLength: 126,
  },
  {
    name: "longest 16-bit length",
    bytes: bits("1 000 0010  0 1111110 11111111 11111111"),
    opcode: 2,
    payloadLength: 65_535,
  },
  { name: "shortest 64-bit length", bytes: hex("82 7f 0000000000010000"), opcode: 2, payloadLength: 65_536 },
  { name: "length above 2^32", bytes: hex("82 7f 0000000123456789"), opcode: 2, payloadLength: 0x1_2345_6789 },
  { name: "longest length", bytes: hex("82 7f 001fffffffffffff"), opcode: 2, payloadLength: Number.MAX_SAFE_INTEGER },
  { name: "RSV1", bytes: bits("1 100 0001  0 0000001"), rsv: 0b100, opcode: 1, payloadLength: 1 },
  { name: "RSV2 and RSV3", bytes: bits("1 011 0001  0 0000001"), rsv: 0b011, opcode: 1, payloadLength: 1 },
  { name: "reserved opcode", bytes: bits("1 000 1111  0 0000001"), opcode: 15, payloadLength: 1 },
  { name: "masked Ping", bytes: hex("89 80 01020304"), opcode: 9, payloadLength: 0, maskKey: hex("01020304") },
  {
    name: "masked 16-bit length",
    bytes: hex("82 fe 0100 37fa213d"),
    opcode: 2,
    payloadLength: 256,
    maskKey: hex("37fa213d"),
  },
  {
    name: "masked 64-bit length",
    bytes: hex("82 ff 0000000000100000 37fa213d"),
    opcode: 2,
    payloadLength: 2 ** 20,
    maskKey: hex("37fa213d"),
  },
].map(({ name, bytes, ...fields }) => ({ name, bytes, header: { fin: true, rsv: 0, maskKey: undefined, ...fields } }));

describe("each picture", () => {
  test.each(pictures)("$name: is read", ({ bytes, header }) => {
    const masked = header.maskKey !== undefined;
    expect(parseFrameHeader(bytes)).toEqual({ ...header, masked, headerLength: bytes.length });
  });

  test.each(pictures)("$name: is written", ({ bytes, header }) => {
    expect(encoded(header)).toEqual(bytes);
  });

  test.each(pictures)("$name: every shorter prefix is not enough", ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(parseFrameHeader(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  test.each(pictures)("$name: is found in the midst of other bytes", ({ bytes, header }) => {
    const around = new Uint8Array([0xff, 0xff, 0xff, ...bytes, 0xff, 0xff]);
    expect(parseFrameHeader(around, 3)).toMatchObject({ ...header, headerLength: bytes.length });
  });
});

test.each([
  { name: "0 in 16 bits", bytes: hex("82 7e 0000"), code: "WS_LENGTH_NOT_MINIMAL", closeCode: 1002 },
  { name: "125 in 16 bits", bytes: hex("82 7e 007d"), code: "WS_LENGTH_NOT_MINIMAL", closeCode: 1002 },
  { name: "0 in 64 bits", bytes: hex("82 7f 0000000000000000"), code: "WS_LENGTH_NOT_MINIMAL", closeCode: 1002 },
  { name: "65535 in 64 bits", bytes: hex("82 7f 000000000000ffff"), code: "WS_LENGTH_NOT_MINIMAL", closeCode: 1002 },
  { name: "2^53", bytes: hex("82 7f 0020000000000000"), code: "WS_MESSAGE_TOO_BIG", closeCode: 1009 },
  { name: "2^63 − 1", bytes: hex("82 7f 7fffffffffffffff"), code: "WS_MESSAGE_TOO_BIG", closeCode: 1009 },
  { name: "2^63", bytes: hex("82 7f 8000000000000000"), code: "WS_LENGTH_INVALID", closeCode: 1002 },
  {
    name: "the first bit and a small number",
    bytes: hex("82 7f 8000000000000001"),
    code: "WS_LENGTH_INVALID",
    closeCode: 1002,
  },
])("refuses the length $name with $code", ({ bytes, code, closeCode }) => {
  expect(() => parseFrameHeader(bytes)).toThrow(expect.objectContaining({ code, closeCode, origin: "peer" }));
});

test("the masking key is a view of the input", () => {
  const bytes = hex("89 80 01020304");
  const header = parseFrameHeader(bytes);
  bytes[2] = 0xff;
  expect(header?.maskKey).toEqual(hex("ff020304"));
});

test("whatever is written is read again, at any offset", () => {
  fc.assert(
    fc.property(anyHeader, fc.nat(5), (header, offset) => {
      const target = new Uint8Array(offset + MaxHeaderBytes);
      const headerLength = encodeFrameHeader(header, target, offset);
      const masked = header.maskKey !== undefined;
      expect(parseFrameHeader(target, offset)).toEqual({ ...header, masked, headerLength });
    }),
  );
});

test("no bytes do anything but give a header, ask for more or break a rule", () => {
  const outcome = (bytes: Uint8Array) => {
    try {
      const header = parseFrameHeader(bytes);
      return header ? encoded(header) : "more";
    } catch (error) {
      return error instanceof WebSocketError ? error.code : error;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) => {
      expect([
        bytes.slice(0, headerLengthOf(bytes[1] ?? 0)),
        "more",
        "WS_LENGTH_INVALID",
        "WS_LENGTH_NOT_MINIMAL",
        "WS_MESSAGE_TOO_BIG",
      ]).toContainEqual(outcome(bytes));
    }),
    { numRuns: 1000 },
  );
});
