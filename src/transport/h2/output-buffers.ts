/** Room for the frames of one write: four full DATA frames, and some control frames in front. */
export const OutputBufferBytes = 65_536 + 4_096;

/** How many unused ones are kept: as many connections write at once in a turn of the event loop on a busy day. */
const MaxKept = 16;

/** Buffers that connections fill and write, and give back when the system has taken their bytes. */
export class OutputBuffers {
  readonly #kept: Buffer[] = [];

  take(): Buffer {
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(OutputBufferBytes);
  }

  /** Nobody reads or writes `buffer` any more. */
  give(buffer: Buffer): void {
    if (this.#kept.length < MaxKept) this.#kept.push(buffer);
  }
}
