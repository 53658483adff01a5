/** A deadline that is put off again and again, at the price of moving one timer. */
export class Deadline {
  readonly #timeoutMs: number;
  readonly #onPassed: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onPassed - must not throw; by then the deadline no longer runs. */
  constructor(timeoutMs: number, onPassed: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onPassed = onPassed;
  }

  /** It runs from now on, anew if it ran. */
  start(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#pass(), this.#timeoutMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pass(): void {
    this.#timer = undefined;
    this.#onPassed();
  }
}
