import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrameHeader, MaxHeaderBytes, parseFrameHeader } from "../../../src/protocol/frame/frame-header.ts";
import { FrameScanner } from "../../../src/protocol/frame/frame-scanner.ts";
import { hex, joined } from "../../support/bits.ts";

interface Found {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payloadLength: number;
  readonly header: Uint8Array;
}

const anyHeader = fc.record({
  fin: fc.boolean(),
  rsv: fc.nat(7),
  opcode: fc.nat(15),
  maskKey: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined }),
  payloadLength: fc.oneof({ weight: 5, arbitrary: fc.nat(140) }, fc.constantFrom(126, 65_535, 65_536, 65_600)),
});

function wireOf(headers: readonly Parameters<typeof encodeFrameHeader>[0][]): Uint8Array {
  return joined(
    headers.flatMap((header) => {
      const bytes = new Uint8Array(MaxHeaderBytes);
      return [bytes.subarray(0, encodeFrameHeader(header, bytes)), new Uint8Array(header.payloadLength).fill(0xee)];
    }),
  );
}

/** Scans one chunk the way the relay does and adds each header that came to its end to `found`. */
function scan(scanner: FrameScanner, bytes: Uint8Array, start: number, end: number, found: Found[]): void {
  let offset = start;
  while (offset < end) {
    offset += scanner.skipPayload(end - offset);
    if (offset === end) return;
    offset = scanner.readHeader(bytes, offset, end);
    if (!scanner.headerComplete) return;
    const { fin, rsv, opcode, masked, payloadLength, headerBytes, headerLength } = scanner;
    found.push({ fin, rsv, opcode, masked, payloadLength, header: headerBytes.slice(0, headerLength) });
  }
}

function reference(wire: Uint8Array): Found[] {
  const found: Found[] = [];
  for (let offset = 0; offset < wire.length;) {
    const header = parseFrameHeader(wire, offset);
    if (!header) break;
    const { fin, rsv, opcode, masked, payloadLength, headerLength } = header;
    found.push({ fin, rsv, opcode, masked, payloadLength, header: wire.slice(offset, offset + headerLength) });
    offset += headerLength + payloadLength;
  }
  return found;
}

test("how the bytes are cut into chunks never changes the headers found", () => {
  fc.assert(
    fc.property(
      fc.array(anyHeader, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (headers, sizes) => {
        const wire = wireOf(headers);
        const scanner = new FrameScanner();
        const found: Found[] = [];
        for (let start = 0, turn = 0; start < wire.length; turn++) {
          const end = Math.min(wire.length, start + sizes[turn % sizes.length]!);
          scan(scanner, wire, start, end, found);
          start = end;
        }
        expect(found).toEqual(reference(wire));
        expect(found).toHaveLength(headers.length);
        expect(scanner.atFrameBoundary).toBe(true);
      },
    ),
  );
});

test("at every prefix it knows where it stands", () => {
  const wire = hex("81 03 616263   82 fe 0080 01020304".concat("00".repeat(128), "89 00"));
  const scanner = new FrameScanner();
  const boundaries: number[] = [];
  const partials: number[] = [];
  for (let length = 1; length <= wire.length; length++) {
    scan(scanner, wire, length - 1, length, []);
    if (scanner.atFrameBoundary) boundaries.push(length);
    if (scanner.partialLength > 0) partials.push(length);
  }
  expect(boundaries).toEqual([5, 141, 143]);
  expect(partials).toEqual([1, 6, 7, 8, 9, 10, 11, 12, 142]);
});

test("a fresh scanner stands at a boundary and holds nothing", () => {
  expect(new FrameScanner()).toMatchObject({ atFrameBoundary: true, headerComplete: false, partialLength: 0 });
});

test("skips no more payload than there is", () => {
  const scanner = new FrameScanner();
  scanner.readHeader(hex("82 05"), 0, 2);
  expect(scanner.skipPayload(3)).toBe(3);
  expect(scanner).toMatchObject({ payloadRemaining: 2, atFrameBoundary: false, payloadLength: 5 });
  expect(scanner.skipPayload(100)).toBe(2);
  expect(scanner).toMatchObject({ payloadRemaining: 0, atFrameBoundary: true });
  expect(scanner.skipPayload(100)).toBe(0);
});

test("holds lengths up to 2^53 − 1 exactly", () => {
  const scanner = new FrameScanner();
  scanner.readHeader(hex("82 7f 001fffffffffffff"), 0, 10);
  scanner.skipPayload(2 ** 40);
  expect(scanner.payloadRemaining).toBe(Number.MAX_SAFE_INTEGER - 2 ** 40);
});

test.each([
  { name: "not minimal", bytes: hex("82 7e 0005"), code: "WS_LENGTH_NOT_MINIMAL" },
  { name: "not a length", bytes: hex("82 7f ffffffffffffffff"), code: "WS_LENGTH_INVALID" },
  { name: "beyond all measure", bytes: hex("82 7f 0020000000000000"), code: "WS_MESSAGE_TOO_BIG" },
])("a length that is $name is refused with the last byte of the header, not before", ({ bytes, code }) => {
  const scanner = new FrameScanner();
  scanner.readHeader(bytes, 0, bytes.length - 1);
  expect(scanner.headerComplete).toBe(false);
  expect(() => scanner.readHeader(bytes, bytes.length - 1, bytes.length)).toThrow(expect.objectContaining({ code }));
  expect(scanner).toMatchObject({ headerComplete: false, payloadRemaining: 0, atFrameBoundary: false });

  const whole = new FrameScanner();
  expect(() => whole.readHeader(joined([bytes, new Uint8Array(20)]), 0, bytes.length + 20)).toThrow(
    expect.objectContaining({ code }),
  );
  expect(whole).toMatchObject({ headerComplete: false, payloadRemaining: 0, atFrameBoundary: false });
});
