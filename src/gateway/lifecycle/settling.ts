/** Waits until a burst is over: acts once when nothing has come for a while, and at the latest a while after its first. */
export class Settling {
  readonly #settleMs: number;
  readonly #maxMs: number;
  readonly #act: () => void;
  #timer: NodeJS.Timeout | undefined;
  #firstMs = 0;

  /**
   * @param settleMs - of silence behind the last `touch`.
   * @param maxMs - from the first `touch`, however many follow.
   */
  constructor({ settleMs, maxMs }: { readonly settleMs: number; readonly maxMs: number }, act: () => void) {
    this.#settleMs = settleMs;
    this.#maxMs = maxMs;
    this.#act = act;
  }

  /** Something has come. Does not keep the process alive. */
  touch(): void {
    const nowMs = performance.now();
    if (this.#timer === undefined) this.#firstMs = nowMs;
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.#firstMs + this.#maxMs - nowMs);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#act();
      },
      Math.min(this.#settleMs, leftMs),
    ).unref();
  }

  /** Forgets what has come. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
