import type { Writable } from "node:stream";

/**
 * Writes to a node stream with a high-water mark that may be set at any time, which node's own may not. Who was told to wait
 * hears of it when the write that was too much has been taken.
 */
export class HighWater {
  /** At this many waiting bytes `write` says `false`. */
  bytes = 65_536;
  readonly #writable: Writable;
  readonly #onDrain: () => void;
  #drainOwed = false;

  /** @param onDrain - never called from within `write`, nor after the stream has failed. */
  constructor(writable: Writable, onDrain: () => void) {
    this.#writable = writable;
    this.#onDrain = onDrain;
  }

  /** Takes `view`, which nobody changes any more; returns whether there is room for more. */
  write(view: Uint8Array): boolean {
    const writable = this.#writable;
    if (view.length === 0) return !this.#drainOwed;
    if (writable.writableLength + view.length < this.bytes) {
      writable.write(view);
      return true;
    }
    this.#drainOwed = true;
    writable.write(view, this.#onTaken);
    return false;
  }

  readonly #onTaken = (error?: Error | null): void => {
    if (error || !this.#drainOwed || this.#writable.writableLength >= this.bytes) return;
    this.#drainOwed = false;
    this.#onDrain();
  };
}
