import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as maskModule from "../../../src/protocol/frame/mask.ts";
import {
  applyMask,
  copyMasked,
  createMaskKey,
  createMaskWord,
  maskWord,
  writeMasked,
} from "../../../src/protocol/frame/mask.ts";
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

describe("whatever the length", () => {
  const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  const lengths = [0, 1, 3, 4, 63, 64, 65, 95, 96, 97, 1_000, 65_535, 65_536, 65_537, 200_001];
  const without = async (): Promise<typeof maskModule> => {
    vi.resetModules();
    vi.doMock("../../../src/protocol/frame/mask-kernel.ts", () => ({ tryMaskKernel: () => undefined }));
    return import("../../../src/protocol/frame/mask.ts");
  };

  afterEach(() => {
    vi.doUnmock("../../../src/protocol/frame/mask-kernel.ts");
    vi.resetModules();
  });

  test.each([
    { name: "with WebAssembly", modules: async () => maskModule },
    { name: "without", modules: without },
  ])("and wherever the payload lies, octet i is XORed with key octet i mod 4: $name", async ({ modules }) => {
    const { applyMask: mask, copyMasked: copy } = await modules();
    for (const length of lengths) {
      const memory = Uint8Array.from({ length: length + 40 }, (_, index) => index * 31);
      const expected = memory.map((byte, index) =>
        index < 5 || index >= 5 + length ? byte : byte ^ key[(index - 5 + 3) % 4]!,
      );
      const target = new Uint8Array(length + 40).fill(0xaa);
      copy(memory, 5, 5 + length, target, 7, maskWord(Uint8Array.of(0x3d, 0x37, 0xfa, 0x21), 0));
      mask(memory.subarray(5, 5 + length), key, 3);
      expect(Buffer.compare(memory, expected), `${length} bytes in place`).toBe(0);
      expect(Buffer.compare(target.subarray(7, 7 + length), expected.subarray(5, 5 + length)), `${length} copied`).toBe(
        0,
      );
      expect([...target.subarray(0, 7), ...target.subarray(7 + length)].every((byte) => byte === 0xaa)).toBe(true);
    }
  });

  test.each([
    { name: "both at multiples of 8", from: 8, at: 16 },
    { name: "the payload is not", from: 5, at: 16 },
    { name: "the target is not", from: 8, at: 6 },
  ])("and a payload goes masked into new memory, where $name", ({ from, at }) => {
    for (const length of [0, 1, 1_023, 1_024, 1_025, 1_031, 1_055, 4_096, 8_192, 8_193, 40_000]) {
      const memory = Uint8Array.from({ length: from + length }, (_, index) => index * 31);
      const target = new Uint8Array(at + length + 9).fill(0xaa);
      const expected = target.map((byte, index) =>
        index < at || index >= at + length ? byte : memory[from + index - at]! ^ key[(index - at) % 4]!,
      );
      writeMasked(memory.subarray(from), target, at, maskWord(key, 0));
      expect(Buffer.compare(target, expected), `${length} bytes`).toBe(0);
    }
  });

  test("a Buffer is masked like any bytes, and nothing around it", () => {
    const memory = Buffer.alloc(300, 0x55);
    copyMasked(memory, 100, 200, memory, 100, maskWord(key, 0));
    expect(memory.subarray(0, 100)).toEqual(Buffer.alloc(100, 0x55));
    expect(memory.subarray(100, 104)).toEqual(Buffer.from([0x62, 0xaf, 0x74, 0x68]));
    expect(memory.subarray(200)).toEqual(Buffer.alloc(100, 0x55));
  });
});

describe("masking keys", () => {
  test("come from the strong source of node:crypto, and 2 048 of them from one call", async () => {
    vi.resetModules();
    const fills = vi.fn<(bytes: Uint8Array<ArrayBuffer>) => unknown>((bytes) => crypto.getRandomValues(bytes));
    vi.doMock("node:crypto", () => ({ randomFillSync: fills }));
    const { createMaskWord: create } = await import("../../../src/protocol/frame/mask.ts");
    const words = Array.from({ length: 2_048 }, () => create());
    expect(fills).toHaveBeenCalledTimes(1);
    const pool = fills.mock.calls[0]?.[0];
    expect(words).toEqual(Array.from({ length: 2_048 }, (_, index) => maskWord(pool!, index * 4)));
    create();
    expect(fills).toHaveBeenCalledTimes(2);
    vi.doUnmock("node:crypto");
    vi.resetModules();
  });

  test("lead to no other key", () => {
    expect(createMaskKey().buffer.byteLength).toBe(4);
    expect(new Set(Array.from({ length: 5_000 }, () => createMaskWord())).size).toBeGreaterThan(4_990);
  });
});
