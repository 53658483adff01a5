import { encodeFrame, encodeMasked } from "../../../src/protocol/frame/frame-codec.ts";
import { binaryFrame } from "../../../src/protocol/frame/frame.ts";
import { maskWord } from "../../../src/protocol/frame/mask.ts";

const MaskKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const MaskHeaderBytes = 4;
/** The first octets of a payload: of which stream it is, and its number on it. */
const MarkBytes = 8;
/** Up to here a loop costs less than a call of node's. */
const LoopBytes = 100;

/**
 * A binary message of one size as a client sends it, and as it comes back: the same frame without its mask. So each octet that
 * comes is known in advance, and nothing has to be parsed. The messages of all streams lie in the same memory, one at a time.
 */
export class EchoMessage {
  readonly #request: Buffer;
  readonly #answer: Buffer;
  readonly #headerBytes: number;

  /** @param payloadBytes - at least 8. */
  constructor(payloadBytes: number) {
    const payload = Uint8Array.from({ length: payloadBytes }, (_, index) => (index * 31 + 7) & 0xff);
    const frame = binaryFrame(payload);
    this.#request = Buffer.from(encodeMasked(frame, maskWord(MaskKey, 0)));
    this.#answer = Buffer.from(encodeFrame(frame));
    this.#headerBytes = this.#answer.length - payloadBytes;
  }

  get requestBytes(): number {
    return this.#request.length;
  }

  get answerBytes(): number {
    return this.#answer.length;
  }

  /** Writes `length` octets of the request, from `start` on, to `target` at `at`. */
  writeRequest(mark: EchoMark, start: number, target: Uint8Array, at: number, length: number): void {
    const request = this.#request;
    const payloadAt = this.#headerBytes + MaskHeaderBytes;
    if (start < payloadAt + MarkBytes) {
      writeMark(request, payloadAt, mark);
      for (let index = 0; index < MarkBytes; index++) request[payloadAt + index]! ^= MaskKey[index & 3]!;
    }
    if (length > LoopBytes) return void request.copy(target, at, start, start + length);
    for (let index = 0; index < length; index++) target[at + index] = request[start + index]!;
  }

  /** Whether `bytes[from, to)` is what the answer has from `start` on. */
  isAnswer(mark: EchoMark, start: number, bytes: Uint8Array, from: number, to: number): boolean {
    const answer = this.#answer;
    const length = to - from;
    if (start < this.#headerBytes + MarkBytes) writeMark(answer, this.#headerBytes, mark);
    if (length > LoopBytes) return answer.compare(bytes, from, to, start, start + length) === 0;
    for (let index = 0; index < length; index++) if (bytes[from + index] !== answer[start + index]) return false;
    return true;
  }
}

/** What is different in each message. */
export interface EchoMark {
  readonly tag: number;
  readonly number: number;
}

function writeMark(target: Buffer, at: number, { tag, number }: EchoMark): void {
  target.writeUInt32LE(tag, at);
  target.writeUInt32LE(number, at + 4);
}
