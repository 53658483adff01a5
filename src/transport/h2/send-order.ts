import type { H2Stream } from "./h2-stream.ts";
import { takesTurns, UsualPlace } from "./priority.ts";

/** Streams of one place in the order. */
export interface SendLevel {
  readonly place: number;
  /** Whether they take turns; else one is sent whole before the next. */
  readonly takesTurns: boolean;
  readonly streams: Set<H2Stream>;
}

/** Streams that have something to send, the most urgent first. Where none is of another urgency it is one set. */
export class SendOrder {
  readonly #usual = levelAt(UsualPlace);
  #levels: readonly SendLevel[] = [this.#usual];

  /** How many there are. */
  get size(): number {
    if (this.#levels.length === 1) return this.#usual.streams.size;
    return this.#levels.reduce((sum, { streams }) => sum + streams.size, 0);
  }

  /** Those there have been streams at, in their order. */
  get levels(): readonly SendLevel[] {
    return this.#levels;
  }

  add(stream: H2Stream): void {
    this.#levelOf(stream.place).streams.add(stream);
  }

  delete(stream: H2Stream): boolean {
    return this.#levelOf(stream.place).streams.delete(stream);
  }

  /** Whether somebody waits behind the level `at` this index. */
  hasBehind(at: number): boolean {
    for (let behind = at + 1; behind < this.#levels.length; behind++) {
      if (this.#levels[behind]!.streams.size > 0) return true;
    }
    return false;
  }

  #levelOf(place: number): SendLevel {
    if (place === UsualPlace) return this.#usual;
    const known = this.#levels.find((level) => level.place === place);
    if (known !== undefined) return known;
    const level = levelAt(place);
    this.#levels = [...this.#levels, level].toSorted((one, other) => one.place - other.place);
    return level;
  }
}

function levelAt(place: number): SendLevel {
  return { place, takesTurns: takesTurns(place), streams: new Set() };
}
