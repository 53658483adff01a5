import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyMask } from "../../src/protocol/frame/mask.ts";

const anyKey = fc.uint8Array({ minLength: 4, maxLength: 4 });
const anyPosition = fc.oneof(fc.nat(8), fc.nat(2 ** 31 - 1), fc.integer({ min: 2 ** 31, max: 2 ** 52 }));

test("masking is octet i XOR key octet i mod 4 (RFC 6455 §5.3), at any position, alignment and cut", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      anyKey,
      anyPosition,
      fc.nat(9),
      fc.nat(200),
      (bytes, key, position, shift, cut) => {
        const memory = new Uint8Array(shift + bytes.length + 16).fill(0xaa);
        memory.set(bytes, shift);
        const payload = memory.subarray(shift, shift + bytes.length);
        const at = Math.min(cut, bytes.length);
        applyMask(payload.subarray(0, at), key, position);
        applyMask(payload.subarray(at), key, position + at);
        expect(payload).toEqual(bytes.map((byte, index) => byte ^ key[(position + index) % 4]!));
        expect(memory.subarray(0, shift).every((byte) => byte === 0xaa)).toBe(true);
        expect(memory.subarray(shift + bytes.length).every((byte) => byte === 0xaa)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("masking twice at any position changes nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), anyKey, anyPosition, (bytes, key, position) => {
      const copy = bytes.slice();
      applyMask(copy, key, position);
      applyMask(copy, key, position);
      expect(copy).toEqual(bytes);
    }),
  );
});
