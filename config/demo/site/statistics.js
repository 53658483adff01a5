/**
 * The value below which the share `q` (0 to 1) of `values` lies, by nearest rank; `undefined` where there are none.
 *
 * @param {ArrayLike<number>} values in any order
 * @param {number} q
 * @returns {number | undefined}
 */
export function quantile(values, q) {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** The newest values of a series, at most `capacity` of them. */
export class RecentValues {
  #values;
  #written = 0;

  /** @param {number} capacity */
  constructor(capacity) {
    this.#values = new Float64Array(capacity);
  }

  /** @param {number} value */
  add(value) {
    this.#values[this.#written++ % this.#values.length] = value;
  }

  /** The values kept, in no particular order; a view that the next `add` may change. */
  get values() {
    return this.#values.subarray(0, Math.min(this.#written, this.#values.length));
  }
}

/**
 * Counts events and tells how many there are per second, over the last few readings: one reading alone would jump with
 * every timer that fires late.
 */
export class Meter {
  /** @type {{ atMs: number, total: number }[]} */
  #readings = [];
  #total = 0;

  /** @param {number} nowMs */
  constructor(nowMs) {
    this.#readings.push({ atMs: nowMs, total: 0 });
  }

  count() {
    this.#total += 1;
  }

  /**
   * Events per second since the reading before last but two.
   *
   * @param {number} nowMs
   */
  read(nowMs) {
    this.#readings.push({ atMs: nowMs, total: this.#total });
    if (this.#readings.length > 4) this.#readings.shift();
    const first = this.#readings[0];
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((this.#total - first.total) * 1000) / (nowMs - first.atMs);
  }
}

/** Upper bounds, in milliseconds, of the steps in which a cell shows its round trip; the last step has none. */
const RoundTripStepsMs = [2, 5, 10, 30, 100];

/**
 * The step (0 to 5) of a round trip, as the legend of the grid has them.
 *
 * @param {number} roundTripMs
 */
export function roundTripStep(roundTripMs) {
  const step = RoundTripStepsMs.findIndex((boundMs) => roundTripMs < boundMs);
  return step === -1 ? RoundTripStepsMs.length : step;
}

const Whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * A duration for people, in two or three digits: the clock of a browser is good for no more.
 *
 * @param {number | undefined} ms
 */
export function formatMs(ms) {
  if (ms === undefined) return "–";
  if (ms < 0.1) return "< 0.1 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Whole.format(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/**
 * A count for people: `12,500`.
 *
 * @param {number | undefined} count
 */
export function formatCount(count) {
  return count === undefined ? "–" : Whole.format(count);
}

/**
 * `1 WebSocket`, `2 WebSockets`.
 *
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${Whole.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
