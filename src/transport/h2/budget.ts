/** How much of something a peer may do at once, and per second after that. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * What a peer may still cost (a token bucket): refilled by time, and by work that is of use. Whoever spends it is no browser in
 * a hurry.
 */
export class Budget {
  readonly #allowance: Allowance;
  readonly #nowMs: () => number;
  #tokens: number;
  #atMs: number;

  /** @param nowMs - never steps back. */
  constructor(allowance: Allowance, nowMs: () => number) {
    this.#allowance = allowance;
    this.#nowMs = nowMs;
    this.#tokens = allowance.burst;
    this.#atMs = nowMs();
  }

  /** Takes `tokens`; `false` where so many are not left. */
  take(tokens = 1): boolean {
    this.#tokens -= tokens;
    if (this.#tokens >= 0) return true;
    // Looking at the clock costs more than all the rest, so it is asked when the tokens run out only.
    const nowMs = this.#nowMs();
    const earned = ((nowMs - this.#atMs) / 1_000) * this.#allowance.perSecond;
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#allowance.burst, this.#tokens + earned);
    return this.#tokens >= 0;
  }

  /** Gives tokens back for work that is of use. */
  earn(tokens: number): void {
    this.#tokens = Math.min(this.#allowance.burst, this.#tokens + tokens);
  }
}
