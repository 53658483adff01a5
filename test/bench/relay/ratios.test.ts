import { describe, expect, test } from "vitest";
import type { Sample } from "../load/load.ts";
import { medianOf, pairedRatio, type Rounds } from "./ratios.ts";

const Nothing = {
  perSecond: undefined,
  p50Ms: undefined,
  p99Ms: undefined,
  gatewayShare: undefined,
  memory: undefined,
};

function rounds(...costs: readonly (number | undefined)[]): Rounds {
  return costs.map((cost): Sample | undefined => (cost === undefined ? undefined : { ...Nothing, cost }));
}

describe("a ratio", () => {
  test.each([
    { name: "is of costs in the same round", one: [10, 40, 60], other: [10, 20, 20], median: 2, low: 1, high: 3 },
    {
      name: "of a machine that slows down is the same",
      one: [3, 6, 30],
      other: [2, 4, 20],
      median: 1.5,
      low: 1.5,
      high: 1.5,
    },
    {
      name: "leaves out a round in which one failed",
      one: [10, undefined, 60],
      other: [10, 20, 20],
      median: 1,
      low: 1,
      high: 3,
    },
    { name: "has quarters around it", one: [1, 2, 3, 4, 5], other: [1, 1, 1, 1, 1], median: 3, low: 2, high: 4 },
  ])("$name", ({ one, other, median, low, high }) => {
    expect(pairedRatio(rounds(...one), rounds(...other))).toEqual({ median, low, high });
  });

  test("is none where no round has both", () => {
    expect(pairedRatio(rounds(1, undefined), rounds(undefined, 1))).toBeUndefined();
    expect(pairedRatio(rounds(1), [])).toBeUndefined();
  });
});

test("a median is of the rounds that have the figure", () => {
  expect(medianOf(rounds(3, undefined, 1, 2), "cost")).toBe(2);
  expect(medianOf(rounds(3, 1), "p50Ms")).toBeUndefined();
});
