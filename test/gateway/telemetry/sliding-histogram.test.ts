import { describe, expect, test } from "vitest";
import { addCounts, countsOf, quantileOf, SlidingHistogram } from "../../../src/gateway/telemetry/sliding-histogram.ts";

const Times = Array.from({ length: 1_000 }, (_, at) => at + 1);

describe("a quantile", () => {
  test.each([
    { share: 0.01, truth: 10 },
    { share: 0.5, truth: 500 },
    { share: 0.99, truth: 990 },
    { share: 1, truth: 1_000 },
  ])("at $share is right within 10 %", ({ share, truth }) => {
    const told = quantileOf(countsOf(Times), share) ?? 0;
    expect(Math.abs(told - truth) / truth).toBeLessThan(0.1);
  });

  test("of nothing is null", () => {
    expect(quantileOf(countsOf([]), 0.5)).toBeNull();
  });

  test("of several processes is that of all their times", () => {
    const halves = [countsOf(Times.slice(0, 500)), countsOf(Times.slice(500))];
    expect(addCounts(halves)).toEqual(countsOf(Times));
  });

  test("of times beyond both ends is at the ends", () => {
    expect(quantileOf(countsOf([0]), 0.5)).toBeLessThan(0.1);
    expect(quantileOf(countsOf([1e9]), 0.5)).toBeGreaterThan(80_000);
  });
});

describe("a sliding histogram", () => {
  test.each([
    { afterMs: 0, times: 1 },
    { afterMs: 49_000, times: 1 },
    { afterMs: 61_000, times: 0 },
    { afterMs: 3_600_000, times: 0 },
  ])("has after $afterMs ms what the last minute brought", ({ afterMs, times }) => {
    const time = { now: 1_700_000_000_000 };
    const histogram = new SlidingHistogram(() => time.now);
    histogram.add(100);
    time.now += afterMs;
    expect(histogram.counts()).toEqual(countsOf(times === 1 ? [100] : []));
  });

  test("keeps what came later when what came first is old", () => {
    const time = { now: 1_700_000_000_000 };
    const histogram = new SlidingHistogram(() => time.now);
    histogram.add(1);
    time.now += 30_000;
    histogram.add(1_000);
    time.now += 35_000;
    histogram.add(1_000);
    expect(histogram.counts().reduce((sum, count) => sum + count, 0)).toBe(2);
  });
});
