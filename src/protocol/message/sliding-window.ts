/** First step of a growing window in bytes: who says little keeps little. */
const FirstCapacity = 512;

/** The last bytes of what was said in one direction: what DEFLATE may refer back to (RFC 1951 §2). Grows as it is filled. */
export class SlidingWindow {
  readonly #maxBytes: number;
  #buffer = new Uint8Array(0);
  #filled = 0;

  /** @param bits - 8–15: it holds 2^bits bytes at most. */
  constructor(bits: number) {
    this.#maxBytes = 2 ** bits;
  }

  /** What it holds, oldest first: a view, valid until the next `push`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#filled);
  }

  /** Bytes of memory it takes. */
  get heldBytes(): number {
    return this.#buffer.length;
  }

  /** Takes a copy of as much of the end of `bytes` as it has room for, and forgets the oldest instead. */
  push(bytes: Uint8Array): void {
    const fresh = bytes.length > this.#maxBytes ? bytes.subarray(bytes.length - this.#maxBytes) : bytes;
    const kept = Math.min(this.#filled, this.#maxBytes - fresh.length);
    const old = this.#buffer.subarray(this.#filled - kept, this.#filled);
    this.#reserve(kept + fresh.length);
    this.#buffer.set(old);
    this.#buffer.set(fresh, kept);
    this.#filled = kept + fresh.length;
  }

  /** Forgets everything, and gives its memory back. */
  clear(): void {
    this.#buffer = new Uint8Array(0);
    this.#filled = 0;
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const grown = Math.max(needed, FirstCapacity, this.#buffer.length * 2);
    this.#buffer = new Uint8Array(Math.min(grown, this.#maxBytes));
  }
}
