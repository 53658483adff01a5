const FirstMs = 100;
const LongestMs = 5_000;
/** Ends are counted over that time, and behind it they are forgotten. */
const WindowMs = 30_000;
/** How many may be in it, where there are few workers. */
const LeastEnds = 5;

/** Says when the next worker may take the place of one that ended: later each time, and not at all where too many end. */
export class RestartBudget {
  readonly #most: number;
  /** When, in milliseconds. */
  #ends: readonly number[] = [];

  /** @param workers - all of them may end twice. */
  constructor(workers: number) {
    this.#most = Math.max(LeastEnds, 2 * workers);
  }

  /** How long to wait after an end at `nowMs`; `undefined`: that was one too many within 30 seconds. */
  delayMs(nowMs: number): number | undefined {
    this.#ends = [...this.#ends.filter((endedMs) => nowMs - endedMs < WindowMs), nowMs];
    if (this.#ends.length > this.#most) return undefined;
    return Math.min(FirstMs * 2 ** (this.#ends.length - 1), LongestMs);
  }

  /** How many have ended lately, for people. */
  toString(): string {
    return `${this.#ends.length} ended within ${WindowMs / 1000} s`;
  }
}
