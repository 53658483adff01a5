import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatCount,
  formatMs,
  Meter,
  plural,
  quantile,
  RecentValues,
  roundTripStep,
} from "../../config/demo/site/statistics.js";

describe("quantile", () => {
  test.each([
    { values: [], q: 0.5, value: undefined },
    { values: [7], q: 0.99, value: 7 },
    { values: [3, 1, 2], q: 0.5, value: 2 },
    { values: [4, 3, 1, 2], q: 0.5, value: 2 },
    { values: [10, 9, 100], q: 1, value: 100 },
    { values: [10, 9, 100], q: 0, value: 9 },
    { values: Array.from({ length: 100 }, (_, index) => index + 1), q: 0.99, value: 99 },
  ])("the $q quantile of $values is $value", ({ values, q, value }) => {
    expect(quantile(values, q)).toBe(value);
  });

  test("is one of the values, and at least the share q of them is no higher", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const found = quantile(values, q) ?? Number.NaN;
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(q * values.length);
      }),
    );
  });
});

test("recent values forget the oldest", () => {
  const recent = new RecentValues(3);
  expect([...recent.values]).toEqual([]);
  for (const value of [1, 2, 3, 4]) recent.add(value);
  expect([...recent.values]).toEqual([4, 2, 3]);
});

describe("a meter", () => {
  function count(meter: Meter, events: number): void {
    for (let event = 0; event < events; event++) meter.count();
  }

  test("reads events per second", () => {
    const meter = new Meter(1_000);
    count(meter, 50);
    expect(meter.read(1_500)).toBe(100);
  });

  test("smooths over its last readings and forgets those before", () => {
    const meter = new Meter(0);
    count(meter, 900);
    expect([500, 1_000, 1_500, 2_000].map((nowMs) => meter.read(nowMs))).toEqual([1_800, 900, 600, 0]);
  });

  test("reads 0 where no time has passed", () => {
    const meter = new Meter(0);
    count(meter, 5);
    expect(meter.read(0)).toBe(0);
  });
});

test.each([
  { ms: 0, step: 0 },
  { ms: 1.99, step: 0 },
  { ms: 2, step: 1 },
  { ms: 9.9, step: 2 },
  { ms: 10, step: 3 },
  { ms: 99, step: 4 },
  { ms: 100, step: 5 },
  { ms: 60_000, step: 5 },
])("a round trip of $ms ms is in step $step", ({ ms, step }) => {
  expect(roundTripStep(ms)).toBe(step);
});

test.each([
  { ms: undefined, text: "–" },
  { ms: 0, text: "< 0.1 ms" },
  { ms: 0.1, text: "0.1 ms" },
  { ms: 9.94, text: "9.9 ms" },
  { ms: 9.96, text: "10 ms" },
  { ms: 123.4, text: "123 ms" },
  { ms: 999.6, text: "1.00 s" },
  { ms: 2_345, text: "2.35 s" },
])("$ms ms reads $text", ({ ms, text }) => {
  expect(formatMs(ms)).toBe(text);
});

test.each([
  { count: undefined, text: "–" },
  { count: 0, text: "0" },
  { count: 12_499.6, text: "12,500" },
])("a count of $count reads $text", ({ count, text }) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  { count: 0, text: "0 WebSockets" },
  { count: 1, text: "1 WebSocket" },
  { count: 2, text: "2 WebSockets" },
])("$count is $text", ({ count, text }) => {
  expect(plural(count, "WebSocket")).toBe(text);
});
