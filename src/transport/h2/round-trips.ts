/** A fifth more than the shortest, or this much, is no wait that anybody notices. */
const Slack = 0.2;
const SlackMs = 20;
/** How long the shortest one counts that nothing confirms: a path may have become longer. */
const MaxAgeMs = 10_000;

/** How long a round trip to a peer takes, by what it acknowledges: SETTINGS and PINGs. */
export class RoundTrips {
  readonly #nowMs: () => number;
  #shortestMs = 0;
  #confirmedMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The shortest there was, others having waited behind something; 0 before the first. */
  get shortestMs(): number {
    return this.#shortestMs;
  }

  /** What one may take while bytes are on their way, in milliseconds; 0 before the first. */
  get toleratedMs(): number {
    if (this.#shortestMs === 0) return 0;
    return this.#shortestMs + Math.max(SlackMs, this.#shortestMs * Slack);
  }

  /** Whether nothing has been nearly as short for so long that one should be taken while nothing else is on its way. */
  get isInDoubt(): boolean {
    return this.#nowMs() - this.#confirmedMs > MaxAgeMs;
  }

  /** One took `ms`. */
  record(ms: number): void {
    if (this.#shortestMs === 0 || ms < this.#shortestMs) this.renew(ms);
    else if (ms * 2 < this.#shortestMs + this.toleratedMs) this.#confirmedMs = this.#nowMs();
  }

  /** One took `ms` for which nothing of ours was in the way: whatever was before, the path is as long. */
  renew(ms: number): void {
    // By a coarse clock it may have taken no time.
    this.#shortestMs = Math.max(ms, 0.001);
    this.#confirmedMs = this.#nowMs();
  }
}
