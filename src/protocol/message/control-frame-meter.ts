/**
 * Holds one peer's Pings and Pongs to a rate: a bucket of `burst` tokens that fills up by `perSecond`, and each frame takes one.
 * Without it a peer could keep us answering for ever at a cost of two bytes a Ping (RFC 6455 §10.4).
 */
export class ControlFrameMeter {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledAtMs: number;

  /**
   * @param burst - how many may come at once.
   * @param perSecond - how many may come a second in the long run.
   * @param nowMs - a clock that never goes back.
   */
  constructor(burst: number, perSecond: number, nowMs: () => number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#tokens = burst;
    this.#filledAtMs = nowMs();
  }

  /** Counts one frame; returns whether it may come. */
  take(): boolean {
    const nowMs = this.#nowMs();
    const grown = ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + grown);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
