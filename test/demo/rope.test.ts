import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lanesOf, rise, sample } from "../../config/demo/site/rope.js";

test.each([
  { connections: [], lanes: [], count: 0 },
  { connections: [7, 7, 7], lanes: [0, 0, 0], count: 1 },
  { connections: [7, 9, 7, 8], lanes: [0, 1, 0, 2], count: 3 },
  { connections: [undefined, 7, undefined, 7], lanes: [0, 1, 2, 1], count: 3 },
])("strands of connections $connections lie in lanes $lanes", ({ connections, lanes, count }) => {
  expect(lanesOf(connections)).toEqual({ lanes, count });
});

test.each([
  { count: 3, most: 5, picked: [0, 1, 2] },
  { count: 5, most: 5, picked: [0, 1, 2, 3, 4] },
  { count: 10, most: 5, picked: [0, 2, 4, 6, 8] },
  { count: 5, most: 2, picked: [0, 3] },
])("of $count strands at most $most are drawn", ({ count, most, picked }) => {
  expect(sample([...Array(count).keys()], most)).toEqual(picked);
});

test("a sample is as long as it may be, and in order", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: 1, max: 60 }), (count, most) => {
      const picked = sample([...Array(count).keys()], most);
      expect(picked.length).toBe(Math.min(count, most));
      expect([...picked].sort((a, b) => a - b)).toEqual(picked);
    }),
  );
});

test.each([
  { at: 0, height: 0 },
  { at: 0.2, height: 0 },
  { at: 0.3, height: 0.5 },
  { at: 0.4, height: 1 },
  { at: 1, height: 1 },
])("between 0.2 and 0.4 it rises to $height at $at", ({ at, height }) => {
  expect(rise(0.2, 0.4, at)).toBeCloseTo(height);
});
