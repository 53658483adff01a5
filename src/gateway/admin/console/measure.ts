import { formatBytes, formatCount, formatLatency, formatRate } from "./formatting.ts";

/** What the values of a plot are, and how they are written. */
export interface Measure {
  readonly text: (value: number) => string;
  /** Distances between lines of the grid; any where it is absent. */
  readonly steps?: number[];
}

const Powers = Array.from({ length: 12 }, (_, power) => 10 ** power);

/** Whole things. */
export const Counts: Measure = { text: formatCount, steps: Powers.flatMap((power) => [power, 2 * power, 5 * power]) };

/** Things per second. */
export const Rates: Measure = { text: formatRate };

/** Bytes, or bytes per second: round numbers are powers of two. */
export const Bytes: Measure = { text: formatBytes, steps: Array.from({ length: 48 }, (_, power) => 2 ** power) };

/** Milliseconds. */
export const Latencies: Measure = { text: formatLatency };

/** A value beside a line of the grid: without the zeros behind its point. */
export function gridText(measure: Measure, value: number): string {
  if (value === 0) return "0";
  return measure
    .text(value)
    .replace(/(\.\d*?)0+(?=\D|$)/, "$1")
    .replace(/\.(?=\D|$)/, "");
}
