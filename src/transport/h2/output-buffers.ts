import { ByteBlocks } from "../byte-blocks.ts";

/** Room for the frames of one write: four full DATA frames, and some control frames in front. */
export const OutputBufferBytes = 65_536 + 4_096;

/**
 * Buffers in which connections put their frames together. TLS tells that it has taken a write a turn of the event loop later
 * only, so a hundred connections that each wrote a little would hold a hundred large buffers: there are small ones for that.
 */
export class OutputBuffers {
  /** As many are kept as connections write much at once. */
  readonly #large = new ByteBlocks(OutputBufferBytes, 16);
  /** Each has room for a few small frames: what most writes are. */
  readonly #small = new ByteBlocks(2_048, 512);

  /** A buffer with room for `bytes`, of which there are at most {@link OutputBufferBytes}. */
  take(bytes: number): Buffer {
    return (bytes > this.#small.bytes ? this.#large : this.#small).take();
  }

  /** Nobody reads or writes `buffer` any more. */
  give(buffer: Buffer): void {
    (buffer.length > this.#small.bytes ? this.#large : this.#small).give(buffer);
  }

  /** `buffer`, or a smaller one with the first `bytes` of it; then `buffer` is given back. */
  fitted(buffer: Buffer, bytes: number): Buffer {
    if (bytes > this.#small.bytes || buffer.length === this.#small.bytes) return buffer;
    const small = this.take(bytes);
    buffer.copy(small, 0, 0, bytes);
    this.give(buffer);
    return small;
  }
}
