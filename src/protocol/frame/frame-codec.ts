import { WebSocketError } from "../errors.ts";
import type { Frame } from "./frame.ts";
import { encodeFrameHeader, type FrameHeader, MaxHeaderBytes, parseFrameHeader } from "./frame-header.ts";
import { MaxControlPayloadBytes } from "./frame-rules.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { applyMask } from "./mask.ts";
import { isControl, isOpcode, Opcode } from "./opcode.ts";

/** What a decoder's owner judges a frame by, before a byte of its payload is kept. */
export type ReceivedHeader = Pick<FrameHeader, "fin" | "rsv" | "opcode" | "masked" | "payloadLength">;

/** First step of a growing payload buffer in bytes: the length a header claims is paid for only as bytes arrive. */
const FirstCapacity = 4096;

/**
 * Returns the wire bytes of `frame`, masked with `maskKey` where one is given. The payload is copied: the caller keeps
 * its bytes, and the returned ones belong to nobody else.
 *
 * @throws WebSocketError `WS_CONTROL_FRAGMENTED` or `WS_CONTROL_TOO_LONG` with origin `caller`.
 */
export function encodeFrame(frame: Frame, options: { readonly maskKey?: Uint8Array | undefined } = {}): Uint8Array {
  const { fin, rsv, opcode, payload } = frame;
  const { maskKey } = options;
  if (isControl(opcode)) checkControl(frame);
  const bytes = new Uint8Array(MaxHeaderBytes + payload.length);
  const headerLength = encodeFrameHeader({ fin, rsv, opcode, maskKey, payloadLength: payload.length }, bytes);
  const length = headerLength + payload.length;
  bytes.set(payload, headerLength);
  if (maskKey) applyMask(bytes.subarray(headerLength, length), maskKey);
  return bytes.subarray(0, length);
}

/**
 * Reads the frame that starts at `offset` and its length on the wire, or returns `undefined` if `bytes` ends before the
 * frame does. The payload is a copy, unmasked.
 *
 * @throws WebSocketError as `parseFrameHeader` does, and `WS_OPCODE_RESERVED`; other rules are not checked.
 */
export function tryDecodeFrame(
  bytes: Uint8Array,
  offset = 0,
): { readonly frame: Frame; readonly length: number } | undefined {
  const header = parseFrameHeader(bytes, offset);
  if (!header) return undefined;
  const opcode = definedOpcode(header.opcode);
  const length = header.headerLength + header.payloadLength;
  if (bytes.length - offset < length) return undefined;
  // Not `bytes.slice`: on a Buffer that is a view.
  const payload = new Uint8Array(bytes.subarray(offset + header.headerLength, offset + length));
  if (header.maskKey) applyMask(payload, header.maskKey);
  return { frame: { fin: header.fin, rsv: header.rsv, opcode, payload }, length };
}

/**
 * Any chunks in, whole frames out, payloads unmasked. The time it takes grows with the bytes alone, however they are cut,
 * and so does its memory: with what has arrived, not with what a header claims.
 */
export class FrameDecoder {
  readonly #check: (header: ReceivedHeader) => void;
  readonly #scanner = new FrameScanner();
  #opcode: Opcode = Opcode.Continuation;
  #payload = new Uint8Array(0);
  #filled = 0;
  #frame: Frame | undefined;

  /** @param check - told each header as soon as it is complete; refuses the frame by throwing. */
  constructor(check: (header: ReceivedHeader) => void) {
    this.#check = check;
  }

  /**
   * Reads on to the end of a frame or to `end`, whichever comes first, and returns the offset behind what it took. After
   * each call ask `takeFrame`. The bytes are copied. After a throw the decoder must not be used again.
   *
   * @throws WebSocketError as `FrameScanner.readHeader` does, `WS_OPCODE_RESERVED`, and whatever `check` throws.
   */
  read(bytes: Uint8Array, offset: number, end: number): number {
    const scanner = this.#scanner;
    let position = offset;
    if (scanner.payloadRemaining === 0) {
      position = scanner.readHeader(bytes, position, end);
      if (!scanner.headerComplete) return position;
      this.#check(scanner);
      this.#opcode = definedOpcode(scanner.opcode);
      this.#filled = 0;
    }
    position += this.#takePayload(bytes, position, end);
    if (scanner.payloadRemaining > 0) return position;
    this.#frame = this.#frameOf(this.#payload);
    this.#payload = new Uint8Array(0);
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
    if (this.#scanner.payloadRemaining === 0) return undefined;
    return this.#frameOf(this.#payload.subarray(0, this.#filled));
  }

  #takePayload(bytes: Uint8Array, offset: number, end: number): number {
    const scanner = this.#scanner;
    const taken = scanner.skipPayload(end - offset);
    this.#reserve(this.#filled + taken, scanner.payloadLength);
    const target = this.#payload.subarray(this.#filled, this.#filled + taken);
    target.set(bytes.subarray(offset, offset + taken));
    if (scanner.masked) {
      const { headerBytes, headerLength } = scanner;
      applyMask(target, headerBytes.subarray(headerLength - 4, headerLength), this.#filled);
    }
    this.#filled += taken;
    return taken;
  }

  /** Doubling keeps the copies linear; the last step fits exactly, so a whole payload holds no spare memory. */
  #reserve(needed: number, payloadLength: number): void {
    if (needed <= this.#payload.length) return;
    const grown = Math.max(needed, FirstCapacity, this.#payload.length * 2);
    const larger = new Uint8Array(Math.min(grown, payloadLength));
    larger.set(this.#payload.subarray(0, this.#filled));
    this.#payload = larger;
  }

  #frameOf(payload: Uint8Array): Frame {
    const { fin, rsv } = this.#scanner;
    return { fin, rsv, opcode: this.#opcode, payload };
  }
}

function definedOpcode(opcode: number): Opcode {
  if (!isOpcode(opcode)) throw new WebSocketError("WS_OPCODE_RESERVED", `a frame with opcode ${opcode}`);
  return opcode;
}

function checkControl(frame: Frame): void {
  if (!frame.fin) {
    throw new WebSocketError("WS_CONTROL_FRAGMENTED", "a control frame is one frame", { origin: "caller" });
  }
  if (frame.payload.length > MaxControlPayloadBytes) {
    const message = `a control frame with ${frame.payload.length} bytes of payload`;
    throw new WebSocketError("WS_CONTROL_TOO_LONG", message, { origin: "caller" });
  }
}
