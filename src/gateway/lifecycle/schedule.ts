/** How much of the time a few items take at most: a hundred are over after a second, whatever time there is. */
const MsPerItem = 10;

/** What is to be done later; a cancelled schedule does nothing any more. */
export class Schedule {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #random: () => number;
  #isCancelled = false;

  /** @param random - from 0 to 1, without 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Does `act` after `delayMs`, less a random part of up to `jitter` (0 to 1) of it. */
  after(delayMs: number, jitter: number, act: () => void): void {
    if (this.#isCancelled) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      delayMs * (1 - jitter * this.#random()),
    );
    this.#timers.add(timer);
  }

  /**
   * Does `act` with each of `items` once, in equal steps of time of which each is moved by chance, so that those who are told
   * to come back do not all come at once: within 10 ms for each item, and within `withinMs` altogether.
   */
  spread<Item>(items: readonly Item[], withinMs: number, act: (item: Item) => void): void {
    const stepMs = Math.min(withinMs / items.length, MsPerItem);
    const startedAt = performance.now();
    let done = 0;
    let dueMs = this.#random() * stepMs;
    const actOnDue = (): void => {
      const passedMs = performance.now() - startedAt;
      while (done < items.length && dueMs <= passedMs) {
        act(items[done]!);
        done += 1;
        dueMs = (done + this.#random()) * stepMs;
      }
      if (done < items.length) this.after(Math.ceil(dueMs - passedMs), 0, actOnDue);
    };
    actOnDue();
  }

  /** Ends it for good: what was not done yet stays undone. */
  cancel(): void {
    this.#isCancelled = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
