/** A message on its way out that may have to wait until those before it have left. */
export interface SendTurn {
  /** What it holds of memory meanwhile; it may grow, which {@link SendQueue.grow} is told. */
  readonly bytes: number;
  /** It may leave now; `SendQueue.leave` when it has. Must not throw. */
  start(): void;
  /** It cannot leave any more. */
  fail(error: unknown): void;
}

/** Keeps the order of messages while one of them leaves in parts. The first in the queue is the one that leaves. */
export class SendQueue {
  #turns: SendTurn[] = [];
  #bytes = 0;
  #current: SendTurn | undefined;
  #isStarting = false;

  get isEmpty(): boolean {
    return this.#turns.length === 0;
  }

  /** How many are in it, the one that leaves included. */
  get length(): number {
    return this.#turns.length;
  }

  /** The `bytes` of those that wait. What the one that leaves still has is counted where it leaves. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Its turn comes in this call if nothing is before it. */
  join(turn: SendTurn): void {
    this.#turns.push(turn);
    this.#bytes += turn.bytes;
    this.#startFirst();
  }

  /** One that waits holds so many bytes more, and says so itself. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** `turn` is done, or was given up. Harmless when repeated. */
  leave(turn: SendTurn): void {
    const index = this.#turns.indexOf(turn);
    if (index === -1) return;
    if (index === 0) this.#turns.shift();
    else this.#turns.splice(index, 1);
    if (turn !== this.#current) this.#bytes -= turn.bytes;
    this.#startFirst();
  }

  /** Nothing leaves any more. */
  end(error: unknown): void {
    const turns = this.#turns;
    this.#turns = [];
    this.#bytes = 0;
    for (const turn of turns) turn.fail(error);
  }

  /** In a loop, since thousands may leave within their `start`. */
  #startFirst(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    for (let first = this.#turns[0]; first && first !== this.#current; first = this.#turns[0]) {
      this.#current = first;
      this.#bytes -= first.bytes;
      first.start();
    }
    this.#isStarting = false;
  }
}
