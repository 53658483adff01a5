import type { Store } from "./store.ts";

/** What a poller asks, and whom it tells. */
export interface Polling<Value> {
  readonly intervalMs: number;
  load(signal: AbortSignal): Promise<Value>;
  onValue(value: Value): void;
  onError(error: unknown): void;
}

const LongestRetryMs = 5000;

/**
 * Asks again and again, one question at a time, and not while `isHeld`. After an error it waits longer each time, up to
 * five seconds.
 */
export class Poller<Value> {
  readonly #polling: Polling<Value>;
  readonly #isHeld: Store<boolean>;
  readonly #unsubscribe: () => void;
  #asking: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAskedAgain = false;
  #errors = 0;
  #isStopped = false;

  constructor(polling: Polling<Value>, isHeld: Store<boolean>) {
    this.#polling = polling;
    this.#isHeld = isHeld;
    this.#unsubscribe = isHeld.subscribe((held) => {
      if (!held) this.now();
    });
    // What it tells is for after the constructor.
    queueMicrotask(() => this.now());
  }

  /** Asks at once, or as soon as the question that is on its way has its answer. */
  now(): void {
    if (this.#asking !== undefined) {
      this.#isAskedAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    if (!this.#isStopped && !this.#isHeld.value) void this.#ask(new AbortController());
  }

  /** Asks no more. */
  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  async #ask(asking: AbortController): Promise<void> {
    this.#asking = asking;
    const startedAt = performance.now();
    const { intervalMs } = this.#polling;
    let waitMs = intervalMs;
    try {
      const value = await this.#polling.load(asking.signal);
      if (this.#isStopped) return;
      this.#errors = 0;
      this.#polling.onValue(value);
      waitMs = Math.max(intervalMs / 4, intervalMs - (performance.now() - startedAt));
    } catch (error) {
      if (this.#isStopped) return;
      this.#errors += 1;
      waitMs = Math.min(LongestRetryMs, intervalMs * 2 ** (this.#errors - 1));
      this.#polling.onError(error);
    }
    this.#asking = undefined;
    this.#timer = setTimeout(() => this.now(), this.#isAskedAgain ? 0 : waitMs);
    this.#isAskedAgain = false;
  }
}
