import { randomBytes } from "node:crypto";
import type { TestFrame } from "./case.ts";

// The tester has a codec of its own: with the one under test it could not see a fault that both ends share.

/** What the end under test did wrong. */
export class CaseFault extends Error {
  override readonly name = "CaseFault";
}

/** A frame on the wire, in the shortest form of its length; masked under a fresh key where the tester is a client. */
export function wireOf(frame: TestFrame, masked: boolean): Buffer {
  const { opcode, payload, fin = true, rsv = 0 } = frame;
  const { length } = payload;
  const extended = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const length7 = extended.length === 0 ? length : extended.length === 2 ? 126 : 127;
  const start = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | length7]);
  if (!masked) return Buffer.concat([start, extended, payload]);
  const key = randomBytes(4);
  return Buffer.concat([start, extended, key, maskedBy(key, payload)]);
}

/** A copy of `payload` under `key`. */
function maskedBy(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const words = Math.ceil(payload.length / 4);
  const copy = new Uint8Array(words * 4);
  copy.set(payload);
  const wide = new Uint32Array(copy.buffer);
  const wideKey = new Uint32Array(new Uint8Array(key).buffer)[0]!;
  for (let index = 0; index < words; index++) wide[index]! ^= wideKey;
  return copy.subarray(0, payload.length);
}

/** A frame as it came, unmasked. */
export type ReceivedFrame = Required<TestFrame>;

/** Reads what the end under test sends, and finds fault with each frame that breaks a rule by itself. */
export class TesterFrameReader {
  readonly #masked: boolean;
  #header = Buffer.alloc(0);
  #frame: Omit<ReceivedFrame, "payload"> | undefined;
  #key: Uint8Array | undefined;
  #payload = new Uint8Array(0);
  #filled = 0;

  /** @param masked - whether the frames must be masked, or must not. */
  constructor(masked: boolean) {
    this.#masked = masked;
  }

  /** The frames that end within `bytes`. @throws CaseFault */
  read(bytes: Uint8Array): ReceivedFrame[] {
    const frames: ReceivedFrame[] = [];
    let position = 0;
    while (position < bytes.length || this.#isWhole()) {
      if (this.#frame === undefined) position = this.#readHeader(bytes, position);
      else position = this.#readPayload(bytes, position);
      if (this.#isWhole()) frames.push(this.#take());
    }
    return frames;
  }

  #isWhole(): boolean {
    return this.#frame !== undefined && this.#filled === this.#payload.length;
  }

  #take(): ReceivedFrame {
    const payload = this.#key === undefined ? this.#payload : maskedBy(this.#key, this.#payload);
    const frame = { ...this.#frame!, payload };
    this.#frame = undefined;
    this.#header = Buffer.alloc(0);
    return frame;
  }

  #readHeader(bytes: Uint8Array, position: number): number {
    const before = this.#header.length;
    const header = Buffer.concat([this.#header, bytes.subarray(position, position + 14 - before)]);
    const length7 = (header[1] ?? 0) & 0x7f;
    const keyAt = 2 + (length7 === 127 ? 8 : length7 === 126 ? 2 : 0);
    const length = keyAt + (this.#masked ? 4 : 0);
    this.#header = header;
    if (header.length < 2 || header.length < length) return position + header.length - before;
    this.#begin(header.subarray(0, length), keyAt);
    return position + length - before;
  }

  #begin(header: Buffer, keyAt: number): void {
    const opcode = header[0]! & 0x0f;
    const fin = header[0]! >= 0x80;
    const length7 = header[1]! & 0x7f;
    const length = keyAt === 10 ? Number(header.readBigUInt64BE(2)) : keyAt === 4 ? header.readUInt16BE(2) : length7;
    if (header[1]! >= 0x80 !== this.#masked)
      throw new CaseFault(this.#masked ? "a frame without mask" : "a masked frame");
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) throw new CaseFault(`a frame with opcode ${opcode}`);
    if (opcode >= 8 && (!fin || length > 125))
      throw new CaseFault("a control frame in parts or with more than 125 octets");
    if (keyAt === 4 ? length < 126 : keyAt === 10 && length < 65_536)
      throw new CaseFault("a length in too many octets");
    if (length > 2 ** 28) throw new CaseFault(`a frame of ${length} octets`);
    this.#frame = { fin, rsv: (header[0]! >> 4) & 0b111, opcode };
    this.#key = this.#masked ? header.subarray(keyAt) : undefined;
    this.#payload = new Uint8Array(length);
    this.#filled = 0;
  }

  #readPayload(bytes: Uint8Array, position: number): number {
    const taken = bytes.subarray(position, position + this.#payload.length - this.#filled);
    this.#payload.set(taken, this.#filled);
    this.#filled += taken.length;
    return position + taken.length;
  }
}
