import { copyInto, copyOf } from "../copy-bytes.ts";

/** A piece of less than this is copied together with its neighbours: by itself it would cost more than it holds. */
const SmallBytes = 512;
/** What small pieces are put together in. */
const BlockBytes = 2_048;

interface Piece {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
  /** Whether more may be put behind `end`. */
  readonly isBlock: boolean;
}

/**
 * Bytes that came and wait to be read, in their order. However they came, they cost little more than they are: a piece that is a small part of the
 * memory it lies in is copied, and so are small ones that others wait in front of.
 */
export class WaitingBytes {
  #pieces: Piece[] = [];
  #bytes = 0;

  /** How many there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds `bytes[start, end)`, to which nobody writes any more. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#bytes += length;
    if (length < SmallBytes && this.#pieces.length > 0) return this.#pushSmall(bytes, start, end);
    const isMost = length * 2 >= bytes.length;
    const kept = isMost ? { bytes, start, end } : { bytes: copyOf(bytes, start, end), start: 0, end: length };
    this.#pieces.push({ ...kept, isBlock: false });
  }

  /** Takes the first piece off. */
  shift(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#bytes -= piece.end - piece.start;
    return piece.bytes.subarray(piece.start, piece.end);
  }

  #pushSmall(bytes: Uint8Array, start: number, end: number): void {
    let last = this.#pieces.at(-1)!;
    if (!last.isBlock || last.bytes.length - last.end < end - start) {
      last = { bytes: new Uint8Array(BlockBytes), start: 0, end: 0, isBlock: true };
      this.#pieces.push(last);
    }
    copyInto(last.bytes, last.end, bytes, start, end);
    last.end += end - start;
  }
}
