import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { axisFor, linesOf, type Point } from "../../config/demo/site/plot.js";

describe("the axis of values", () => {
  test.each([
    { highest: 0, top: 5, step: 1 },
    { highest: 4, top: 5, step: 1 },
    { highest: 9, top: 10, step: 2 },
    { highest: 90, top: 100, step: 20 },
    { highest: 1_000, top: 1_250, step: 250 },
    { highest: 2_500, top: 3_000, step: 1_000 },
    { highest: 12_500, top: 15_000, step: 5_000 },
  ])("up to $highest goes to $top by $step", ({ highest, top, step }) => {
    expect(axisFor(highest)).toEqual({ top, step });
  });

  test("holds the highest value with room above it, in two to five steps", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (highest) => {
        const { top, step } = axisFor(highest);
        expect(top).toBeGreaterThan(highest);
        expect(Math.round(top / step)).toBeGreaterThanOrEqual(2);
        expect(Math.round(top / step)).toBeLessThanOrEqual(5);
      }),
    );
  });
});

test.each<{ name: string; points: [atMs: number, side: Point["side"]][]; lines: number[][] }>([
  { name: "nothing", points: [], lines: [] },
  {
    name: "one stretch",
    points: [
      [0, "on"],
      [500, "on"],
      [1_000, "on"],
    ],
    lines: [[0, 500, 1_000]],
  },
  {
    name: "a change of side",
    points: [
      [0, "on"],
      [500, "on"],
      [1_000, "off"],
    ],
    lines: [[0, 500], [1_000]],
  },
  {
    name: "a gap",
    points: [
      [0, "on"],
      [500, "on"],
      [1_501, "on"],
    ],
    lines: [[0, 500], [1_501]],
  },
  {
    name: "no gap yet",
    points: [
      [0, "on"],
      [1_000, "on"],
    ],
    lines: [[0, 1_000]],
  },
])("$name is cut into lines", ({ points, lines }) => {
  const found = linesOf(
    points.map(([atMs, side]) => ({ atMs, side, value: 1 })),
    1_000,
  );
  expect(found.map((line) => line.map(({ atMs }) => atMs))).toEqual(lines);
});
