import * as fc from "fast-check";
import { expect, test } from "vitest";
import { orderPart } from "../../../src/gateway/telemetry/stream-order.ts";

const anyKeys = fc.array(fc.oneof(fc.nat(5), fc.double({ noNaN: true })), { maxLength: 200 });

/** The same by a full sort. */
function sorted(keys: readonly number[], ids: Float64Array, ascending: boolean): number[] {
  const sign = ascending ? 1 : -1;
  return keys
    .map((_, index) => index)
    .toSorted((a, b) => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || (ids[a] ?? 0) - (ids[b] ?? 0));
}

test("a part of the order is what a full sort has there, and what stands before it belongs there", () => {
  fc.assert(
    fc.property(anyKeys, fc.boolean(), fc.nat(210), fc.nat(60), fc.nat(), (keys, ascending, from, length, seed) => {
      const ids = Float64Array.from(keys, (_, index) => (index * 7919 + seed) % 7927);
      const to = Math.min(from + length, keys.length);
      const order = [...orderPart({ keys: Float64Array.from(keys), ids }, ascending, from, to)];
      const full = sorted(keys, ids, ascending);
      expect(order.slice(from, to)).toEqual(full.slice(from, to));
      const inFront = (list: readonly number[]) => new Set(list.slice(0, Math.min(from, to)));
      expect(inFront(order)).toEqual(inFront(full));
    }),
  );
});

test.each(["equal", "rising", "falling"])("100 000 %s keys take no time that grows with their square", (kind) => {
  const of = { equal: () => 1, rising: (at: number) => at, falling: (at: number) => -at };
  const keyOf = kind === "equal" ? of.equal : kind === "rising" ? of.rising : of.falling;
  const keys = Float64Array.from({ length: 100_000 }, (_, at) => keyOf(at));
  const ids = Float64Array.from({ length: 100_000 }, (_, at) => at);
  const startedAt = performance.now();
  const order = orderPart({ keys, ids }, false, 50_000, 50_100);
  expect(order.subarray(50_000, 50_003)).toEqual(
    kind === "rising" ? Uint32Array.of(49_999, 49_998, 49_997) : Uint32Array.of(50_000, 50_001, 50_002),
  );
  // It takes some 10 ms; a comparison of each with each would take a minute.
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
