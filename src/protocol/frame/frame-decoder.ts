import type { Frame } from "./frame.ts";
import { freshMemory } from "./fresh-memory.ts";
import type { FrameHeader } from "./frame-header.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { copyMasked, rotated } from "./mask.ts";
import { Opcode, parseOpcode } from "./opcode.ts";

/** What a decoder's owner judges a frame by, before a byte of its payload is kept. */
export type ReceivedHeader = Pick<FrameHeader, "fin" | "rsv" | "opcode" | "masked" | "payloadLength">;

/** First step of a growing payload in bytes: the length a header claims is paid for only as bytes arrive. */
const FirstCapacity = 4096;

/**
 * A payload of so many bytes at most is cut from a copy of the read it came in. Copied at once is as much as that many of its
 * size, so that who keeps one keeps no more than that alive.
 */
const MaxCutBytes = 2_048;
const CopiedPayloads = 256;
const MaxCopyBytes = 65_536;

const Nothing = new Uint8Array(0);

/**
 * Any chunks in, whole frames out, payloads unmasked. The time it takes grows with the bytes alone, however they are cut,
 * and so does its memory: with what has arrived, not with what a header claims.
 *
 * A payload belongs to whoever takes its frame. Where many small frames came in one read, their payloads lie in one `buffer`,
 * since memory for each would cost more than all the rest; nothing of another WebSocket is in it.
 */
export class FrameDecoder {
  readonly #check: (header: ReceivedHeader) => void;
  /** Where it stands, for who looks on; read by nobody else. */
  readonly scanner = new FrameScanner();
  #opcode: Opcode = Opcode.Continuation;
  #key = 0;
  #payload = Nothing;
  #filled = 0;
  #frame: Frame | undefined;
  /** What is read, while some of it is left, and where that begins. */
  #bytes: Uint8Array = Nothing;
  #position = 0;
  /** A copy of what is read from `#copyStart` to `#copyEnd`. */
  #copy = Nothing.buffer;
  #copyStart = 0;
  #copyEnd = 0;

  /** @param check - told each header as soon as it is complete; refuses the frame by throwing. */
  constructor(check: (header: ReceivedHeader) => void) {
    this.#check = check;
  }

  /**
   * Reads on to the end of a frame or to `end`, whichever comes first, and returns the offset behind what it took. After
   * each call ask `takeFrame`. The bytes are copied, perhaps more of them than it took: who goes on from there in the same
   * array has not written to it. After a throw the decoder must not be used again.
   *
   * @throws WebSocketError as `FrameScanner.readHeader` does, `WS_OPCODE_RESERVED`, and whatever `check` throws.
   */
  read(bytes: Uint8Array, offset: number, end: number): number {
    if (bytes !== this.#bytes || offset !== this.#position) this.#turnTo(bytes);
    const scanner = this.scanner;
    let position = offset;
    if (scanner.payloadRemaining === 0) {
      position = scanner.readHeader(bytes, position, end);
      if (scanner.headerComplete) this.#begin();
    }
    if (scanner.headerComplete) {
      position += this.#readPayload(bytes, position, end);
      if (scanner.payloadRemaining === 0) this.#end();
    }
    this.#position = position;
    if (position === end) this.#turnTo(Nothing);
    return position;
  }

  /** The frame that ended with the last `read`, once; its payload belongs to the caller. */
  takeFrame(): Frame | undefined {
    const frame = this.#frame;
    this.#frame = undefined;
    return frame;
  }

  /**
   * The frame whose payload has begun to arrive and not ended, with as much of it as there is: a view, valid until the
   * next `read`.
   */
  get partialFrame(): Frame | undefined {
    if (this.scanner.payloadRemaining === 0) return undefined;
    return this.#frameOf(this.#payload.subarray(0, this.#filled));
  }

  /** What the last `partialFrame` had belongs to the caller from now on; the frame comes with the rest alone. */
  releasePartial(): void {
    // Its buffer may be larger, and must not tell what was in that memory before.
    this.#payload.fill(0, this.#filled);
    this.#key = rotated(this.#key, this.#filled);
    this.#payload = Nothing;
    this.#filled = 0;
  }

  #begin(): void {
    const scanner = this.scanner;
    this.#check(scanner);
    this.#opcode = parseOpcode(scanner.opcode);
    this.#key = scanner.maskWord;
    this.#filled = 0;
  }

  #end(): void {
    this.#frame = this.#frameOf(this.#payload);
    this.#payload = Nothing;
  }

  #turnTo(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#copy = Nothing.buffer;
    this.#copyStart = 0;
    this.#copyEnd = 0;
  }

  /** Takes what there is of the payload, and returns how much that is. */
  #readPayload(bytes: Uint8Array, offset: number, end: number): number {
    const scanner = this.scanner;
    const taken = scanner.skipPayload(end - offset);
    if (taken === scanner.payloadLength && taken <= MaxCutBytes) {
      this.#payload = taken === 0 ? new Uint8Array(0) : this.#cut(bytes, offset, end, taken);
      return taken;
    }
    const filled = this.#filled;
    this.#filled += taken;
    this.#reserve(filled, this.#filled + scanner.payloadRemaining);
    const key = rotated(this.#key, filled);
    if (key === 0) this.#payload.set(bytes.subarray(offset, offset + taken), filled);
    else copyMasked(bytes, offset, offset + taken, this.#payload, filled, key);
    return taken;
  }

  /** A whole payload of `length` bytes that begins at `offset`, unmasked in a copy of this read. */
  #cut(bytes: Uint8Array, offset: number, end: number, length: number): Uint8Array<ArrayBuffer> {
    if (offset + length > this.#copyEnd) {
      const copied = Math.min(end - offset, length * CopiedPayloads, MaxCopyBytes);
      const copy = freshMemory(copied);
      copy.set(bytes.subarray(offset, offset + copied));
      this.#copy = copy.buffer;
      this.#copyStart = offset;
      this.#copyEnd = offset + copied;
    }
    const payload = new Uint8Array(this.#copy, offset - this.#copyStart, length);
    if (this.#key !== 0) copyMasked(payload, 0, length, payload, 0, this.#key);
    return payload;
  }

  /**
   * Makes room for what has arrived and as much again, so that the copies stay linear; the last step fits exactly, so a whole
   * payload holds no spare memory.
   */
  #reserve(filled: number, payloadLength: number): void {
    if (this.#filled <= this.#payload.length) return;
    const larger = freshMemory(Math.min(Math.max(this.#filled * 2, FirstCapacity), payloadLength));
    larger.set(this.#payload.subarray(0, filled));
    this.#payload = larger;
  }

  #frameOf(payload: Uint8Array): Frame {
    const { fin, rsv } = this.scanner;
    return { fin, rsv, opcode: this.#opcode, payload };
  }
}
