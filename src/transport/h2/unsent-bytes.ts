import type { BytesLifetime } from "../byte-stream.ts";
import { ByteBlocks } from "../byte-blocks.ts";
import { copyInto } from "../copy-bytes.ts";

/** A piece of less than this is copied: by itself it would cost more than it holds. */
const SmallBytes = 512;

interface Piece {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
  /** Whose `bytes` are, where they are a block: then more may be put behind `end`. */
  readonly blocks: ByteBlocks | undefined;
  readonly onTaken: (() => void) | undefined;
}

/**
 * Bytes of a stream that cannot leave yet, in their order. However they came, they cost little more than they are: what is
 * kept by nobody else, and what is small, is copied into blocks.
 */
export class UnsentBytes {
  static readonly #smallBlocks = new ByteBlocks(2_048, 512);
  static readonly #largeBlocks = new ByteBlocks(16_384, 256);
  readonly #pieces: Piece[] = [];
  #bytes = 0;

  /** How many there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds `bytes[start, end)`. */
  push(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): void {
    const length = end - start;
    const isMost = length * 2 >= bytes.length;
    if (lifetime === "call" || length < SmallBytes || !isMost) return this.#pushCopy(bytes, start, end);
    this.#bytes += length;
    this.#pieces.push({ bytes, start, end, blocks: undefined, onTaken: undefined });
  }

  /** Adds all of `bytes`, to which nobody writes any more; `onTaken` is told once they have been taken. */
  pushPart(bytes: Uint8Array, onTaken: () => void): void {
    this.#bytes += bytes.length;
    this.#pieces.push({ bytes, start: 0, end: bytes.length, blocks: undefined, onTaken });
  }

  /** Moves the first `length` bytes, as many as there are at most, into `target` at `offset`. */
  take(target: Uint8Array, offset: number, length: number): void {
    const stop = offset + length;
    this.#bytes -= length;
    let taken = 0;
    for (let position = offset; position < stop;) {
      const piece = this.#pieces[taken]!;
      const end = Math.min(piece.end, piece.start + stop - position);
      copyInto(target, position, piece.bytes, piece.start, end);
      position += end - piece.start;
      piece.start = end;
      if (end === piece.end) taken++;
    }
    if (taken === 0) return;
    // Whoever is told may drop the rest.
    for (const piece of this.#pieces.splice(0, taken)) {
      giveBack(piece);
      piece.onTaken?.();
    }
  }

  /** Forgets all of them, and tells nobody. */
  drop(): void {
    for (const piece of this.#pieces.splice(0)) giveBack(piece);
    this.#bytes = 0;
  }

  #pushCopy(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start;
    for (let from = start; from < end;) {
      const last = this.#pieces.at(-1);
      const block = last?.blocks && last.end < last.bytes.length ? last : this.#addBlock(end - from);
      const to = Math.min(end, from + block.bytes.length - block.end);
      copyInto(block.bytes, block.end, bytes, from, to);
      block.end += to - from;
      from = to;
    }
  }

  #addBlock(bytes: number): Piece {
    const blocks = bytes > UnsentBytes.#smallBlocks.bytes ? UnsentBytes.#largeBlocks : UnsentBytes.#smallBlocks;
    const piece = { bytes: blocks.take(), start: 0, end: 0, blocks, onTaken: undefined };
    this.#pieces.push(piece);
    return piece;
  }
}

function giveBack({ bytes, blocks }: Piece): void {
  if (blocks !== undefined && bytes instanceof Buffer) blocks.give(bytes);
}
