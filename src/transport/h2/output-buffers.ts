/** Room for the frames of one write: four full DATA frames, and some control frames in front. */
export const OutputBufferBytes = 65_536 + 4_096;

/** Room for a few small frames: what most writes are. */
const SmallBufferBytes = 2_048;

/** How many unused large ones are kept: as many connections as write much at once. */
const MaxKept = 16;
/** How many small ones: 1 MiB. */
const MaxSmallKept = 512;

/**
 * Buffers in which connections put their frames together. TLS tells that it has taken a write a turn of the event loop later
 * only, so a hundred connections that each wrote a little would hold a hundred large buffers: there are small ones for that.
 */
export class OutputBuffers {
  readonly #large: Buffer[] = [];
  readonly #small: Buffer[] = [];

  /** A buffer with room for `bytes`, of which there are at most {@link OutputBufferBytes}. */
  take(bytes: number): Buffer {
    if (bytes > SmallBufferBytes) return this.#large.pop() ?? Buffer.allocUnsafeSlow(OutputBufferBytes);
    return this.#small.pop() ?? Buffer.allocUnsafeSlow(SmallBufferBytes);
  }

  /** Nobody reads or writes `buffer` any more. */
  give(buffer: Buffer): void {
    if (buffer.length > SmallBufferBytes) {
      if (this.#large.length < MaxKept) this.#large.push(buffer);
    } else if (this.#small.length < MaxSmallKept) {
      this.#small.push(buffer);
    }
  }

  /** `buffer`, or a smaller one with the first `bytes` of it; then `buffer` is given back. */
  fitted(buffer: Buffer, bytes: number): Buffer {
    if (bytes > SmallBufferBytes || buffer.length === SmallBufferBytes) return buffer;
    const small = this.take(bytes);
    buffer.copy(small, 0, 0, bytes);
    this.give(buffer);
    return small;
  }
}
