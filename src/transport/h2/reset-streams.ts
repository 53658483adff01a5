/** How many are remembered at least. */
const MinRemembered = 512;

/** The streams that were reset last, so that what was on its way to them is no fault (RFC 9113 §5.1). */
export class ResetStreams {
  readonly #ids = new Set<number>();
  readonly #maxRemembered: number;

  /** @param maxStreams - how many may be open at once: all of them may be reset together. */
  constructor(maxStreams: number) {
    this.#maxRemembered = Math.max(MinRemembered, 2 * maxStreams);
  }

  has(streamId: number): boolean {
    return this.#ids.has(streamId);
  }

  add(streamId: number): void {
    this.#ids.add(streamId);
    if (this.#ids.size <= this.#maxRemembered) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }
}
