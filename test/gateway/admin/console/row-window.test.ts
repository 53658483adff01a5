import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowWindow } from "../../../../src/gateway/admin/console/row-window.ts";

describe("the rows that are drawn", () => {
  test.each([
    { name: "of none", total: 0, scrollTop: 0, first: 0, count: 0 },
    { name: "of few", total: 7, scrollTop: 0, first: 0, count: 7 },
    { name: "at the top", total: 10_000, scrollTop: 0, first: 0, count: 40 },
    { name: "in the middle", total: 10_000, scrollTop: 28 * 5_000, first: 4_984, count: 56 },
    { name: "at the end", total: 10_000, scrollTop: 28 * 9_980, first: 9_968, count: 32 },
    { name: "far below the end", total: 100, scrollTop: 28 * 5_000, first: 80, count: 20 },
  ])("$name", ({ total, scrollTop, first, count }) => {
    expect(rowWindow({ total, rowHeight: 28, scrollTop, height: 560 })).toEqual({ first, count });
  });

  test("hold all that is seen, and never more than a screen and its margins", () => {
    const places = fc.record({
      total: fc.integer({ min: 1, max: 100_000 }),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      height: fc.integer({ min: 1, max: 2_000 }),
    });
    fc.assert(
      fc.property(places, ({ total, place, height }) => {
        const scrollTop = Math.floor(place * Math.max(0, total * 28 - height));
        const { first, count } = rowWindow({ total, rowHeight: 28, scrollTop, height });
        expect(first * 28).toBeLessThanOrEqual(scrollTop);
        expect((first + count) * 28).toBeGreaterThanOrEqual(Math.min(total * 28, scrollTop + height));
        expect(count).toBeLessThanOrEqual(height / 28 + 42);
      }),
    );
  });
});
