import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlidingWindow } from "../../../src/protocol/message/sliding-window.ts";
import { joined } from "../../support/bits.ts";

describe("a sliding window", () => {
  test("holds the last 2^bits bytes of all that was pushed, however it was cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 10 }), fc.array(fc.uint8Array({ maxLength: 1_500 })), (bits, pieces) => {
        const window = new SlidingWindow(bits);
        for (const piece of pieces) window.push(piece);
        expect(window.bytes).toEqual(joined(pieces).slice(-(2 ** bits)));
        expect(window.heldBytes).toBeLessThanOrEqual(2 ** bits);
      }),
    );
  });

  test("takes no memory before it is needed, little for little, and gives it back", () => {
    const window = new SlidingWindow(15);
    expect(window.heldBytes).toBe(0);
    window.push(new Uint8Array(100));
    expect(window.heldBytes).toBe(512);
    window.push(new Uint8Array(1_000_000));
    expect(window.heldBytes).toBe(32_768);
    window.clear();
    expect([window.heldBytes, window.bytes.length]).toEqual([0, 0]);
  });

  test("keeps no hand on what it was given", () => {
    const window = new SlidingWindow(8);
    const bytes = Uint8Array.of(1, 2, 3);
    window.push(bytes);
    bytes.fill(0);
    expect(window.bytes).toEqual(Uint8Array.of(1, 2, 3));
  });
});
