/** How long a handshake counts as at work, in milliseconds. Behind that it waits for its client, which costs nothing. */
const WorkMs = 20;

/** Of as many as may be at work, how many begin in one turn of the event loop: one in so many. */
const TurnsForAll = 16;

/** A handshake's place, in the queue or at work. */
export interface HandshakeTurn {
  /** The handshake is over, or is not wanted any more. Later calls do nothing. */
  end(): void;
}

/**
 * Gives TLS handshakes their turn, in the order they come. One costs a millisecond or two of the event loop, so that
 * thousands at once would stall everybody who is connected: only so many are at work together, and they begin one by one
 * with a round of I/O between them. A handshake is at work for 20 ms at most, so that clients far away, or that never
 * answer, do not keep the others waiting.
 */
export class HandshakeGate {
  #max: number;
  readonly #waiting = new Set<Waiting>();
  #atWork = 0;
  #isScheduled = false;

  /** @param max - handshakes at work at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Handshakes that wait for their turn. Whoever enters bounds their number, and how long each waits. */
  get waiting(): number {
    return this.#waiting.size;
  }

  update(max: number): void {
    this.#max = max;
    this.#schedule();
  }

  /** Calls `begin`, which must not throw, when the turn has come; never before it returns. */
  enter(begin: () => void): HandshakeTurn {
    const entry: Waiting = { begin, timer: undefined };
    this.#waiting.add(entry);
    this.#schedule();
    return { end: () => this.#end(entry) };
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0 || this.#atWork >= this.#max) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#beginSome();
    });
  }

  #beginSome(): void {
    const most = Math.min(Math.ceil(this.#max / TurnsForAll), this.#max - this.#atWork);
    let begun = 0;
    for (const entry of this.#waiting) {
      if (begun++ >= most) break;
      this.#waiting.delete(entry);
      this.#atWork++;
      entry.timer = setTimeout(() => this.#end(entry), WorkMs);
      entry.begin();
    }
    this.#schedule();
  }

  #end(entry: Waiting): void {
    if (this.#waiting.delete(entry) || entry.timer === undefined) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    this.#atWork--;
    this.#schedule();
  }
}

interface Waiting {
  readonly begin: () => void;
  /** Runs while it is at work. */
  timer: NodeJS.Timeout | undefined;
}
