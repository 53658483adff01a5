/** What is live now. Who waits for the last one to go is told. */
export class LiveSet<Item> {
  readonly #items = new Set<Item>();
  readonly #waiting = new Set<() => void>();

  /** Those that live now; it changes as they come and go. */
  get items(): ReadonlySet<Item> {
    return this.#items;
  }

  add(item: Item): void {
    this.#items.add(item);
  }

  delete(item: Item): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when none is left, or with `signal`. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.#items.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
