/** Who waits for an item: with a method, so that a server of some data is a server of any. */
interface Taker<Item> {
  take(item: Item | undefined): void;
}

/** What waits to be taken, each once, in the order it came. */
export class Backlog<Item> {
  readonly #max: number;
  readonly #items: Item[] = [];
  readonly #takers: Taker<Item>[] = [];
  #isClosed = false;

  /** @param max - how many may wait. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether there is no place for another one. */
  get isFull(): boolean {
    return this.#isClosed || (this.#takers.length === 0 && this.#items.length >= this.#max);
  }

  /** Gives `item` to who waits for one; else it waits. It must not be full. */
  add(item: Item): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker.take(item);
  }

  /** The next one when it has come, or `undefined` once it is closed. Calls are served in their order. */
  take(): Promise<Item | undefined> {
    const item = this.#items.shift();
    if (item !== undefined || this.#isClosed) return Promise.resolve(item);
    return new Promise((resolve) => this.#takers.push({ take: resolve }));
  }

  /** Nothing more comes, and what waits is not given to anybody. */
  close(): void {
    this.#isClosed = true;
    this.#items.length = 0;
    for (const taker of this.#takers.splice(0)) taker.take(undefined);
  }
}
