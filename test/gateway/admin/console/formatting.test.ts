import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatExact,
  formatLatency,
  formatMoment,
  formatRate,
} from "../../../../src/gateway/admin/console/formatting.ts";
import { Bytes, Counts, gridText, Latencies, Rates } from "../../../../src/gateway/admin/console/measure.ts";

/** Numbers and their units are kept together by a narrow space that breaks no line. */
const spaced = (text: string): string => text.replaceAll("\u202f", " ");

describe("a count", () => {
  test.each([
    { count: 0, text: "0", exact: "0" },
    { count: 999, text: "999", exact: "999" },
    { count: 9_999, text: "9,999", exact: "9,999" },
    { count: 10_000, text: "10.0 k", exact: "10,000" },
    { count: 99_960, text: "100 k", exact: "99,960" },
    { count: 999_499, text: "999 k", exact: "999,499" },
    { count: 999_500, text: "1.00 M", exact: "999,500" },
    { count: 12_345_678, text: "12.3 M", exact: "12,345,678" },
    { count: 4.2e15, text: "4.20 P", exact: "4,200,000,000,000,000" },
    { count: 8e18, text: "8000 P", exact: "8,000,000,000,000,000,000" },
  ])("$count is $text", ({ count, text, exact }) => {
    expect(spaced(formatCount(count))).toBe(text);
    expect(formatExact(count)).toBe(exact);
  });
});

describe("a rate", () => {
  test.each([
    { perSecond: 0, text: "0" },
    { perSecond: 0.004, text: "<0.01" },
    { perSecond: 0.25, text: "0.25" },
    { perSecond: 9.994, text: "9.99" },
    { perSecond: 9.996, text: "10.0" },
    { perSecond: 99.96, text: "100" },
    { perSecond: 310.4, text: "310" },
    { perSecond: 12_300, text: "12.3 k" },
  ])("of $perSecond is $text", ({ perSecond, text }) => {
    expect(spaced(formatRate(perSecond))).toBe(text);
  });
});

describe("bytes", () => {
  test.each([
    { bytes: 0, text: "0 B" },
    { bytes: 0.3, text: "<1 B" },
    { bytes: 1023, text: "1023 B" },
    { bytes: 1024, text: "1.00 KiB" },
    { bytes: 1536, text: "1.50 KiB" },
    { bytes: 1_048_575, text: "1.00 MiB" },
    { bytes: 5 * 1024 ** 3, text: "5.00 GiB" },
  ])("$bytes are $text", ({ bytes, text }) => {
    expect(spaced(formatBytes(bytes))).toBe(text);
  });
});

describe("time", () => {
  test.each([
    { ms: null, latency: "–", duration: "–" },
    { ms: 0, latency: "0 ms", duration: "0.0 s" },
    { ms: 0.42, latency: "0.42 ms", duration: "0.0 s" },
    { ms: 12.34, latency: "12.3 ms", duration: "0.0 s" },
    { ms: 842, latency: "842 ms", duration: "0.8 s" },
    { ms: 9_960, latency: "9.96 s", duration: "10 s" },
    { ms: 59_600, latency: "59.6 s", duration: "1m 00s" },
    { ms: 252_000, latency: "252 s", duration: "4m 12s" },
    { ms: 11_100_000, latency: "11100 s", duration: "3h 05m" },
    { ms: 86_399_000, latency: "86399 s", duration: "23h 59m" },
    { ms: 187_200_000, latency: "187200 s", duration: "2d 04h" },
  ])("of $ms ms is $latency as a latency and $duration as a duration", ({ ms, latency, duration }) => {
    expect(spaced(formatLatency(ms))).toBe(latency);
    expect(spaced(formatDuration(ms))).toBe(duration);
  });

  test("of a stream whose clock stepped back is none", () => {
    expect(spaced(formatDuration(-5_000))).toBe("0.0 s");
  });

  test("of day is that of the reader, with milliseconds where they matter", () => {
    const at = new Date(2026, 10, 5, 4, 7, 9, 30).getTime();
    expect(formatClock(at)).toBe("04:07:09");
    expect(formatClock(at, { milliseconds: true })).toBe("04:07:09.030");
    expect(formatMoment(at)).toBe("2026-11-05 04:07:09");
  });
});

describe("beside the grid", () => {
  test.each([
    { measure: Rates, value: 50_000, text: "50 k" },
    { measure: Rates, value: 2.5, text: "2.5" },
    { measure: Rates, value: 100, text: "100" },
    { measure: Counts, value: 5_000, text: "5,000" },
    { measure: Bytes, value: 32 * 1024 ** 2, text: "32 MiB" },
    { measure: Bytes, value: 512, text: "512 B" },
    { measure: Latencies, value: 40, text: "40 ms" },
    { measure: Latencies, value: 0, text: "0" },
  ])("$value is $text", ({ measure, value, text }) => {
    expect(spaced(gridText(measure, value))).toBe(text);
  });
});
