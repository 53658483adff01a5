import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyMask, createMaskKey } from "../../../src/protocol/frame/mask.ts";
import { hex } from "../../support/bits.ts";

const anyKey = fc.uint8Array({ minLength: 4, maxLength: 4 });

test("masks the Hello of RFC 6455 §5.7", () => {
  const payload = new TextEncoder().encode("Hello");
  applyMask(payload, hex("37 fa 21 3d"));
  expect(payload).toEqual(hex("7f 9f 4d 51 58"));
});

test("masking twice gives the payload back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), anyKey, fc.nat(2 ** 40), (payload, key, position) => {
      const copy = payload.slice();
      applyMask(copy, key, position);
      applyMask(copy, key, position);
      expect(copy).toEqual(payload);
    }),
  );
});

test("where the payload is cut never matters", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), anyKey, fc.nat(70), (payload, key, cut) => {
      const whole = payload.slice();
      applyMask(whole, key);
      const parts = payload.slice();
      const at = Math.min(cut, parts.length);
      applyMask(parts.subarray(0, at), key);
      applyMask(parts.subarray(at), key, at);
      expect(parts).toEqual(whole);
    }),
  );
});

test("each key is 4 new bytes", () => {
  const keys = Array.from({ length: 100 }, () => createMaskKey());
  expect(keys.every((key) => key.length === 4)).toBe(true);
  expect(new Set(keys.map((key) => key.join())).size).toBeGreaterThan(95);
});
