import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { copyMasked, maskWord, rotated } from "../../../src/protocol/frame/mask.ts";

const MaxHeaderBytes = 14;
const Masked = 0x80;

/** Any chunks of a client's frames in, the same frames unmasked out, as far as they have come; a Ping becomes a Pong. */
export class FrameEcho {
  readonly #header = new Uint8Array(MaxHeaderBytes);
  #headerBytes = 0;
  #remaining = 0;
  #position = 0;
  #word = 0;
  #isClose = false;

  /** Whether a Close was answered: nothing follows. */
  isOver = false;

  /** What `chunk` is answered; the bytes belong to the caller. */
  read(chunk: Uint8Array): Buffer {
    // A header that was cut comes out with the chunk that has its end.
    const echo = Buffer.allocUnsafe(chunk.length + MaxHeaderBytes);
    let length = 0;
    for (let at = 0; at < chunk.length && !this.isOver;) {
      if (this.#remaining === 0) {
        this.#header[this.#headerBytes++] = chunk[at++]!;
        if (this.#headerBytes === this.#wantedHeaderBytes) length = this.#begin(echo, length);
      } else {
        const end = Math.min(chunk.length, at + this.#remaining);
        copyMasked(chunk, at, end, echo, length, rotated(this.#word, this.#position));
        this.#position += end - at;
        this.#remaining -= end - at;
        length += end - at;
        at = end;
      }
      if (this.#isClose && this.#remaining === 0) this.isOver = true;
    }
    return echo.subarray(0, length);
  }

  get #wantedHeaderBytes(): number {
    if (this.#headerBytes < 2) return 2;
    const second = this.#header[1]!;
    return 2 + extendedBytes(second & 0x7f) + (second & Masked ? 4 : 0);
  }

  /** The header is whole: writes its answer to `target` at `offset`, and returns the offset behind it. */
  #begin(target: Buffer, offset: number): number {
    const header = this.#header;
    const length7 = header[1]! & 0x7f;
    const unmaskedBytes = 2 + extendedBytes(length7);
    this.#word = header[1]! & Masked ? maskWord(header, unmaskedBytes) : 0;
    this.#position = 0;
    this.#headerBytes = 0;
    this.#remaining = length7;
    if (unmaskedBytes > 2) {
      this.#remaining = 0;
      for (let index = 2; index < unmaskedBytes; index++) this.#remaining = this.#remaining * 256 + header[index]!;
    }
    const opcode = header[0]! & 0x0f;
    this.#isClose = opcode === Opcode.Close;
    target[offset] = opcode === Opcode.Ping ? (header[0]! & 0xf0) | Opcode.Pong : header[0]!;
    target[offset + 1] = length7;
    for (let index = 2; index < unmaskedBytes; index++) target[offset + index] = header[index]!;
    return offset + unmaskedBytes;
  }
}

function extendedBytes(length7: number): number {
  return length7 === 126 ? 2 : length7 === 127 ? 8 : 0;
}
