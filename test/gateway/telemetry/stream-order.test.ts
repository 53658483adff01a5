import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StreamOrder } from "../../../src/gateway/telemetry/stream-order.ts";

const anyKeys = fc.array(fc.oneof(fc.nat(5), fc.double({ noNaN: true })), { maxLength: 200 });

/** One that is made in parts, and the same by a full sort. */
function ordersOf(keys: readonly number[], ascending: boolean, seed: number) {
  const ids = Float64Array.from(keys, (_, index) => (index * 7919 + seed) % 7927);
  const order = new StreamOrder({ keys: Float64Array.from(keys), ids }, ascending);
  return { order, full: sorted(keys, ids, ascending) };
}

function sorted(keys: readonly number[], ids: Float64Array, ascending: boolean): number[] {
  const sign = ascending ? 1 : -1;
  return keys
    .map((_, index) => index)
    .toSorted((a, b) => sign * ((keys[a] ?? 0) - (keys[b] ?? 0)) || (ids[a] ?? 0) - (ids[b] ?? 0));
}

test("a part of the order is what a full sort has there, and so is the next one behind it", () => {
  fc.assert(
    fc.property(anyKeys, fc.boolean(), fc.nat(210), fc.nat(60), fc.nat(), (keys, ascending, from, length, seed) => {
      const { order, full } = ordersOf(keys, ascending, seed);
      const to = Math.min(from + length, keys.length);
      expect([...order.part(from, to)]).toEqual(full.slice(from, to));
      expect([...order.part(to, keys.length)]).toEqual(full.slice(to));
    }),
  );
});

test("the first are the ones that a full sort has in front", () => {
  fc.assert(
    fc.property(anyKeys, fc.boolean(), fc.nat(210), fc.nat(), (keys, ascending, count, seed) => {
      const { order, full } = ordersOf(keys, ascending, seed);
      expect(new Set(order.first(count))).toEqual(new Set(full.slice(0, count)));
    }),
  );
});

test.each([
  { kind: "equal", keyOf: () => 1, middle: [50_000, 50_001] },
  { kind: "rising", keyOf: (at: number) => at, middle: [49_999, 49_998] },
  { kind: "falling", keyOf: (at: number) => -at, middle: [50_000, 50_001] },
])("100 000 $kind keys take no time that grows with their square", ({ keyOf, middle }) => {
  const keys = Float64Array.from({ length: 100_000 }, (_, at) => keyOf(at));
  const ids = Float64Array.from({ length: 100_000 }, (_, at) => at);
  const startedAt = performance.now();
  expect([...new StreamOrder({ keys, ids }, false).part(50_000, 50_002)]).toEqual(middle);
  // It takes some 10 ms; a comparison of each with each would take a minute.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
