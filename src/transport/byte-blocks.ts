/**
 * Blocks of memory of one size that are used again and again. One that is made for each use lies outside the heap, and its
 * bytes make the collector run through all of the heap many times a second.
 */
export class ByteBlocks {
  /** How long each is. */
  readonly bytes: number;
  readonly #maxKept: number;
  readonly #kept: Buffer[] = [];

  /** @param maxKept - how many unused ones are kept. */
  constructor(bytes: number, maxKept: number) {
    this.bytes = bytes;
    this.#maxKept = maxKept;
  }

  take(): Buffer {
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
  }

  /** Nobody reads or writes `block` any more. */
  give(block: Buffer): void {
    if (this.#kept.length < this.#maxKept) this.#kept.push(block);
  }
}
