import { goOn, holdBack, type Traffic } from "../../protocol/frame/traffic.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";

/**
 * Holds a sender back while a receiver is full. One timer while it does, none otherwise: a receiver that takes nothing
 * for `stallMs` is reported; one that is slow is not.
 */
export class Backpressure {
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  readonly #traffic: Traffic;
  readonly #stallMs: number;
  readonly #onStalled: () => void;
  /** Set while the sender is held back; it may have fired. */
  #timer: NodeJS.Timeout | undefined;
  #leastBuffered = 0;

  /** @param traffic - has the time that the sender is held back. */
  constructor(
    from: ByteStream,
    to: ByteStream,
    { traffic, stallMs }: { readonly traffic: Traffic; readonly stallMs: number },
    onStalled: () => void,
  ) {
    this.#from = from;
    this.#to = to;
    this.#traffic = traffic;
    this.#stallMs = stallMs;
    this.#onStalled = onStalled;
  }

  /** A write returned `false`: the sender waits. */
  hold(): void {
    this.#leastBuffered = this.#to.bufferedBytes;
    if (this.#timer !== undefined) return;
    holdBack(this.#traffic, performance.now());
    this.#from.pause();
    this.#timer = setTimeout(() => this.#checkProgress(), this.#stallMs);
  }

  /** The sender goes on, if it was held back. */
  release(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    goOn(this.#traffic, performance.now());
    this.#from.resume();
  }

  #checkProgress(): void {
    const { bufferedBytes } = this.#to;
    if (bufferedBytes >= this.#leastBuffered) {
      this.#onStalled();
    } else {
      this.#leastBuffered = bufferedBytes;
      this.#timer?.refresh();
    }
  }
}
