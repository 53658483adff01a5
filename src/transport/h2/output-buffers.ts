/** Room for the frames of one write: four full DATA frames, and some control frames in front. */
export const OutputBufferBytes = 65_536 + 4_096;

/** A write of no more than this is copied into a buffer of its own size: most are a few frames. */
const SmallBytes = 4_096;

/** How many unused ones are kept: as many connections as write much at once. */
const MaxKept = 16;

/**
 * Buffers in which connections put their frames together. TLS tells that it has taken a write a turn of the event loop later
 * only, so a hundred connections that each wrote a little would hold a hundred large buffers.
 */
export class OutputBuffers {
  readonly #kept: Buffer[] = [];

  take(): Buffer {
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(OutputBufferBytes);
  }

  /** Nobody reads or writes `buffer` any more. */
  give(buffer: Buffer): void {
    if (this.#kept.length < MaxKept) this.#kept.push(buffer);
  }

  /** The first `length` bytes of `buffer`, to be written; `buffer` is given back where those are a copy. */
  written(buffer: Buffer, length: number): { readonly bytes: Buffer; readonly held: Buffer | undefined } {
    if (length > SmallBytes) return { bytes: buffer.subarray(0, length), held: buffer };
    const bytes = Buffer.allocUnsafe(length);
    buffer.copy(bytes, 0, 0, length);
    this.give(buffer);
    return { bytes, held: undefined };
  }
}
