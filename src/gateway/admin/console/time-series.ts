/** Columns that plots take: the times in seconds, then one column for each value; `null` is a gap. */
export type Columns = [times: number[], ...values: (number | null)[][]];

/**
 * The last samples of a few values, no more than `capacity` and none older than `windowMs`. Where two samples are further
 * apart than `gapMs`, a gap is put between them, so that a line does not claim to know what happened there.
 */
export class TimeSeries {
  readonly #limits: SeriesLimits;
  readonly #times: number[] = [];
  readonly #values: (number | null)[][];

  constructor(width: number, limits: SeriesLimits = Limits) {
    this.#limits = limits;
    this.#values = Array.from({ length: width }, () => []);
  }

  /** Adds the values at `at` (milliseconds since the epoch). What is not later than the sample before is left out. */
  push(at: number, values: readonly (number | null)[]): void {
    const last = this.#times.at(-1);
    if (last !== undefined && at <= last) return;
    if (last !== undefined && at - last > this.#limits.gapMs) this.#append(last + 1, []);
    this.#append(at, values);
    const { capacity, windowMs } = this.#limits;
    while (this.#times.length > capacity || (this.#times[0] ?? at) < at - windowMs) this.#dropFirst();
  }

  /** Copies, for a plot to keep. */
  get columns(): Columns {
    return [this.#times.map((at) => at / 1000), ...this.#values.map((column) => [...column])];
  }

  get length(): number {
    return this.#times.length;
  }

  #append(at: number, values: readonly (number | null)[]): void {
    this.#times.push(at);
    for (const [index, column] of this.#values.entries()) column.push(values[index] ?? null);
  }

  #dropFirst(): void {
    this.#times.shift();
    for (const column of this.#values) column.shift();
  }
}

/** What a series keeps. */
export interface SeriesLimits {
  readonly capacity: number;
  readonly windowMs: number;
  readonly gapMs: number;
}

const Limits: SeriesLimits = { capacity: 1000, windowMs: 15 * 60_000, gapMs: 5000 };

/** How much a counter has grown. One that is smaller than before began anew at zero, so all it has is growth. */
export function increase(before: number, now: number): number {
  return now >= before ? now - before : now;
}
