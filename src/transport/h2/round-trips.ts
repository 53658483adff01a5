/** A fifth more than the shortest, or this much, is no wait that anybody notices. */
const Slack = 0.2;
const SlackMs = 20;

/** How long a round trip to a peer takes, by what it acknowledges: SETTINGS and PINGs. */
export class RoundTrips {
  #shortestMs = 0;

  /** The shortest there was, others having waited behind something; 0 before the first. A connection keeps its path. */
  get shortestMs(): number {
    return this.#shortestMs;
  }

  /** What one may take while bytes are on their way, in milliseconds; 0 before the first. */
  get toleratedMs(): number {
    if (this.#shortestMs === 0) return 0;
    return this.#shortestMs + Math.max(SlackMs, this.#shortestMs * Slack);
  }

  /** One took `ms`. */
  record(ms: number): void {
    // By a coarse clock it may have taken no time.
    const tookMs = Math.max(ms, Number.EPSILON);
    if (this.#shortestMs === 0 || tookMs < this.#shortestMs) this.#shortestMs = tookMs;
  }
}
