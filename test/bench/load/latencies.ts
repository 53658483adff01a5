/** Enough for what is measured in a few seconds; of more the last ones are kept. */
const Room = 1 << 20;

/** How long things took, in milliseconds. Recording allocates nothing. */
export class Latencies {
  readonly #valuesMs = new Float64Array(Room);
  #count = 0;

  record(valueMs: number): void {
    this.#valuesMs[this.#count++ & (Room - 1)] = valueMs;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The least that a share of `share` is not above; `undefined` of none. */
  quantile(share: number): number | undefined {
    const count = Math.min(this.#count, Room);
    const sorted = this.#valuesMs.slice(0, count).sort();
    return sorted[Math.max(0, Math.ceil(count * share) - 1)];
  }
}
