import type { StreamRecord } from "./stream-registry.ts";

/** How often one looks whether a stream is due, at most. */
const LongestTickMs = 1_000;

/**
 * Tells of each stream that stays open, again and again: one timer for all. Of streams that opened together, which is what a
 * reconnect storm makes, each turn tells few, so that they are apart from the second time on.
 */
export class OpenStreamSweep {
  readonly #tell: (record: StreamRecord, now: number) => void;
  readonly #now: () => number;
  /** When each was last told of: in that order, so that those in front are due first. */
  readonly #toldAt = new Map<StreamRecord, number>();
  #everyMs = Infinity;
  #tickMs = LongestTickMs;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param tell - of a stream that is due.
   * @param now - the clock of the stream registry.
   */
  constructor(tell: (record: StreamRecord, now: number) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#toldAt.size;
  }

  opened(record: StreamRecord, now: number): void {
    this.#toldAt.set(record, now);
  }

  closed(record: StreamRecord): void {
    this.#toldAt.delete(record);
  }

  /** From now on tells of each stream every `everyMs`, those open already among them; of none where it is `undefined`. */
  every(everyMs: number | undefined): void {
    clearInterval(this.#timer);
    this.#everyMs = everyMs ?? Infinity;
    if (everyMs === undefined) return;
    this.#tickMs = Math.min(LongestTickMs, everyMs / 10);
    this.#timer = setInterval(this.#tick, this.#tickMs).unref();
  }

  readonly #tick = (): void => {
    const now = this.#now();
    // Twice what a turn has to tell on average, so that those that came together are told of within half a period.
    let left = Math.ceil((2 * this.#toldAt.size * this.#tickMs) / this.#everyMs);
    for (const [record, toldAt] of this.#toldAt) {
      if (now - toldAt < this.#everyMs || left-- === 0) return;
      this.#toldAt.delete(record);
      this.#toldAt.set(record, now);
      this.#tell(record, now);
    }
  };
}
