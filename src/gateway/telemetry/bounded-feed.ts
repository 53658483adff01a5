/** How many wait at most, and for how long. */
interface FeedBounds {
  readonly items: number;
  readonly waitMs: number;
}

/** News faster than that reach nobody who reads; each listener gets so many at a time. */
const DefaultFeedBounds: FeedBounds = { items: 500, waitMs: 50 };

/**
 * What is told to one listener, some at a time: what comes while `items` wait for their turn is counted and dropped, so that a
 * storm costs one listener no more than that.
 */
export class BoundedFeed<Item> {
  readonly #bounds: FeedBounds;
  readonly #deliver: (items: readonly Item[], missed: number) => void | Promise<void>;
  #items: Item[] = [];
  #missed = 0;
  #timer: NodeJS.Timeout | undefined;
  #isTelling = false;

  /**
   * @param deliver - told `items`, behind which `missed` more were dropped. Must not throw, nor reject: until what it returns
   *   resolves, the next ones wait.
   */
  constructor(deliver: (items: readonly Item[], missed: number) => void | Promise<void>, bounds = DefaultFeedBounds) {
    this.#deliver = deliver;
    this.#bounds = bounds;
  }

  /** Whether the next item would be dropped, and is counted as if it had come: so nobody has to make one. */
  skips(): boolean {
    if (this.#items.length < this.#bounds.items) return false;
    this.#missed += 1;
    return true;
  }

  push(item: Item): void {
    if (this.skips()) return;
    this.#items.push(item);
    if (!this.#isTelling) this.#wait();
  }

  /** Tells what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    const missed = this.#missed;
    this.#items = [];
    this.#missed = 0;
    const told = this.#deliver(items, missed);
    if (told !== undefined) void this.#waitFor(told);
  }

  /** Drops what waits; nothing is told any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#items = [];
    this.#timer = undefined;
  }

  async #waitFor(told: Promise<void>): Promise<void> {
    this.#isTelling = true;
    await told;
    this.#isTelling = false;
    if (this.#items.length > 0) this.#wait();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#bounds.waitMs).unref();
  }
}
