import { quantile } from "../../support/round-trips.ts";
import type { Sample } from "../load/load.ts";

/** What came of one gateway in one scenario, a place for each round; none where it failed. */
export type Rounds = readonly (Sample | undefined)[];

/** The middle of some values, and the quarters around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** `undefined` of no values. */
function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** The cost of `one` as a multiple of the cost of `other` in the same round: what troubles a machine troubles both. */
export function pairedRatio(one: Rounds, other: Rounds): Spread | undefined {
  return spreadOf(
    one.flatMap((sample, round) => {
      const base = other[round];
      return sample === undefined || base === undefined ? [] : [sample.cost / base.cost];
    }),
  );
}

/** The median of one figure of the rounds that have it. */
export function medianOf(rounds: Rounds, figure: Exclude<keyof Sample, "memory">): number | undefined {
  return spreadOf(rounds.flatMap((sample) => sample?.[figure] ?? []))?.median;
}
