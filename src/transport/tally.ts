/** How many of something each key has now. A key that has none takes no memory. */
export class Tally<Key> {
  readonly #counts = new Map<Key, number>();

  /** How many keys have some. */
  get size(): number {
    return this.#counts.size;
  }

  of(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: Key): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  /** Takes back one {@link add}. */
  remove(key: Key): void {
    const rest = this.of(key) - 1;
    if (rest > 0) this.#counts.set(key, rest);
    else this.#counts.delete(key);
  }
}
