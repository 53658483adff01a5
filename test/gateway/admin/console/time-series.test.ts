import { describe, expect, test } from "vitest";
import { increase, TimeSeries } from "../../../../src/gateway/admin/console/time-series.ts";

const Limits = { capacity: 5, windowMs: 10_000, gapMs: 3_000 };

describe("a counter", () => {
  test.each([
    { name: "that grew", before: 10, now: 25, grown: 15 },
    { name: "that stands", before: 10, now: 10, grown: 0 },
    { name: "that began anew at zero", before: 1_000, now: 7, grown: 7 },
    { name: "that began anew and stands there", before: 1_000, now: 0, grown: 0 },
  ])("$name", ({ before, now, grown }) => {
    expect(increase(before, now)).toBe(grown);
  });
});

describe("a series", () => {
  test("gives its columns in seconds, and copies of them", () => {
    const series = new TimeSeries(2, Limits);
    series.push(1_000, [1, 10]);
    const { columns } = series;
    series.push(2_000, [2, null]);
    expect(columns).toEqual([[1], [1], [10]]);
    expect(series.columns).toEqual([
      [1, 2],
      [1, 2],
      [10, null],
    ]);
  });

  test("keeps the last samples of no more than its capacity", () => {
    const series = new TimeSeries(1, Limits);
    for (let second = 1; second <= 8; second += 1) series.push(second * 1_000, [second]);
    expect(series.columns).toEqual([
      [4, 5, 6, 7, 8],
      [4, 5, 6, 7, 8],
    ]);
    expect(series.length).toBe(5);
  });

  test("keeps none that is older than its window", () => {
    const series = new TimeSeries(1, Limits);
    series.push(1_000, [1]);
    series.push(4_000, [2]);
    series.push(11_500, [3]);
    expect(series.columns).toEqual([
      [4, 4.001, 11.5],
      [2, null, 3],
    ]);
  });

  test("has a gap where nobody looked", () => {
    const series = new TimeSeries(1, Limits);
    series.push(1_000, [1]);
    series.push(4_000, [2]);
    series.push(7_001, [3]);
    expect(series.columns).toEqual([
      [1, 4, 4.001, 7.001],
      [1, 2, null, 3],
    ]);
  });

  test.each([{ at: 2_000 }, { at: 1_500 }])("leaves out what is not later than the last: $at", ({ at }) => {
    const series = new TimeSeries(1, Limits);
    series.push(2_000, [1]);
    series.push(at, [2]);
    expect(series.columns).toEqual([[2], [1]]);
  });
});
