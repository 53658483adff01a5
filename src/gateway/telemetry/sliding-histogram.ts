import { steadyNow } from "./stream-registry.ts";

const SlotMs = 10_000;
const Slots = 6;
const BucketsPerDoubling = 4;
/** Upper edge of the first bucket in milliseconds; each next one is a quarter of a doubling above. */
const FirstEdgeMs = 0.1;
/** The last edge is at 104 s: longer than any opening may take. */
const Buckets = 80;

/**
 * Times of the last minute, counted in buckets that are 19 % wide, so that a quantile is told within 10 %. It has six slots of
 * ten seconds; the oldest gives way as a whole.
 */
export class SlidingHistogram {
  readonly #now: () => number;
  readonly #counts = Array.from({ length: Slots }, () => new Uint32Array(Buckets));
  /** The number of the slot in use, counted from the epoch. */
  #slot: number;

  constructor(now: () => number = steadyNow) {
    this.#now = now;
    this.#slot = Math.floor(now() / SlotMs);
  }

  add(milliseconds: number): void {
    this.#turn();
    const counts = this.#counts[this.#slot % Slots];
    const bucket = bucketOf(milliseconds);
    if (counts !== undefined) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** How many there were in each bucket, for {@link quantileOf}. */
  counts(): number[] {
    this.#turn();
    return Array.from({ length: Buckets }, (_, bucket) =>
      this.#counts.reduce((sum, counts) => sum + (counts[bucket] ?? 0), 0),
    );
  }

  /** Empties the slots that are older than a minute. */
  #turn(): void {
    const slot = Math.floor(this.#now() / SlotMs);
    const passed = Math.min(slot - this.#slot, Slots);
    for (let back = 0; back < passed; back++) this.#counts[(slot - back) % Slots]?.fill(0);
    if (passed > 0) this.#slot = slot;
  }
}

/** The counts of times that are at hand. */
export function countsOf(milliseconds: Iterable<number>): number[] {
  const counts = Array.from({ length: Buckets }, () => 0);
  for (const one of milliseconds) {
    const bucket = bucketOf(one);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}

/** The counts of several processes together. */
export function addCounts(parts: readonly (readonly number[])[]): number[] {
  return Array.from({ length: Buckets }, (_, bucket) => parts.reduce((sum, counts) => sum + (counts[bucket] ?? 0), 0));
}

/** Milliseconds that `share` (0 to 1) of the times stay below; `null` where there are none. */
export function quantileOf(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(total * share));
  const bucket = counts.findIndex((count) => (left -= count) <= 0);
  // The middle of the bucket, on the scale of its edges.
  return Number((FirstEdgeMs * 2 ** ((bucket - 0.5) / BucketsPerDoubling)).toPrecision(3));
}

function bucketOf(milliseconds: number): number {
  const bucket = Math.ceil(Math.log2(milliseconds / FirstEdgeMs) * BucketsPerDoubling);
  return Math.min(Buckets - 1, Math.max(0, bucket));
}
