import { parseClosePayload } from "../../protocol/frame/frame.ts";
import type { FrameScanner } from "../../protocol/frame/frame-scanner.ts";
import { copyMasked, maskWord } from "../../protocol/frame/mask.ts";
import { copyInto } from "../../transport/copy-bytes.ts";

/**
 * A peer's Close frame, held until it is whole: what it says is judged before any of it goes on. Its header is a control
 * frame's and has been judged, so it holds at most 131 bytes.
 */
export class HeldClose {
  /** The frame as it came, masked if it came so; nobody writes to it once it is whole. */
  readonly frame: Uint8Array;
  readonly #headerLength: number;
  readonly #masked: boolean;
  #filled: number;

  /** @param scanner - stands behind the header of the Close. */
  constructor(scanner: FrameScanner) {
    this.#headerLength = scanner.headerLength;
    this.#masked = scanner.masked;
    this.#filled = scanner.headerLength;
    this.frame = new Uint8Array(scanner.headerLength + scanner.payloadLength);
    copyInto(this.frame, 0, scanner.headerBytes, 0, scanner.headerLength);
  }

  get isWhole(): boolean {
    return this.#filled === this.frame.length;
  }

  /** Copies what belongs to the frame out of `bytes[offset, end)`. */
  take(bytes: Uint8Array, offset: number, end: number): void {
    const taken = Math.min(end - offset, this.frame.length - this.#filled);
    copyInto(this.frame, this.#filled, bytes, offset, offset + taken);
    this.#filled += taken;
  }

  /**
   * Returns the close code of the whole frame, 1005 where it has none.
   *
   * @throws WebSocketError as `parseClosePayload` does.
   */
  parseCode(): number {
    const { frame } = this;
    const start = this.#headerLength;
    if (!this.#masked) return parseClosePayload(frame.subarray(start)).code;
    const payload = new Uint8Array(frame.length - start);
    copyMasked(frame, start, frame.length, payload, 0, maskWord(frame, start - 4));
    return parseClosePayload(payload).code;
  }
}
