/** How many names that left the config keep their numbers. */
const MaxDeparted = 100;

/**
 * The names that the config has, and the last hundred it had: a counter that goes with its route loses what was counted since
 * the last scrape, one that stays for good fills the memory of a gateway whose routes have names made by a program.
 */
export class KnownNames {
  #current: ReadonlySet<string> = new Set();
  /** In the order they left. */
  readonly #departed = new Set<string>();

  /**
   * From now on the config has `names`. Returns those whose numbers are to be forgotten: they left longest ago, more than a
   * hundred left after them, and `isIdle` says that nothing of theirs is still counted.
   */
  replace(names: Iterable<string>, isIdle: (name: string) => boolean = () => true): string[] {
    const current = new Set(names);
    for (const name of this.#current) if (!current.has(name)) this.#departed.add(name);
    for (const name of current) this.#departed.delete(name);
    this.#current = current;
    const surplus = [...this.#departed].slice(0, Math.max(0, this.#departed.size - MaxDeparted)).filter(isIdle);
    for (const name of surplus) this.#departed.delete(name);
    return surplus;
  }
}
