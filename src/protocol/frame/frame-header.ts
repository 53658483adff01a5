import { WebSocketError } from "../errors.ts";

/** The longest frame header in bytes: 2, a 64-bit length, a masking key. */
export const MaxHeaderBytes = 14;

/** The value of the 7-bit length that says "16 bits follow": a payload shorter than that has its length in these 7 bits. */
export const Extended16 = 126;
/** The one that says "64 bits follow". */
const Extended64 = 127;

/** One frame header as it stands on the wire (RFC 6455 §5.2), allowed or not. */
export interface FrameHeader {
  readonly fin: boolean;
  /** The three reserved bits; RSV1 is 0b100. */
  readonly rsv: number;
  /** 0–15, reserved values included. */
  readonly opcode: number;
  readonly masked: boolean;
  /** View of the 4 bytes in the input, `undefined` if not masked. */
  readonly maskKey: Uint8Array | undefined;
  /** Bytes of payload behind the header. */
  readonly payloadLength: number;
  /** Bytes of the header itself, 2–14. */
  readonly headerLength: number;
}

/** Returns the length in bytes of a header whose second byte is `second`. */
export function headerLengthOf(second: number): number {
  return 2 + extendedLengthBytes(second) + (second >> 7) * 4;
}

/**
 * Reads the frame header that starts at `offset`, or returns `undefined` if `bytes` ends before the header does.
 * Says nothing about whether the frame is allowed: that is `frame-rules.ts`.
 *
 * @throws WebSocketError `WS_LENGTH_INVALID` or `WS_LENGTH_NOT_MINIMAL` (close code 1002);
 *   `WS_MESSAGE_TOO_BIG` (1009) for a length above 2^53 − 1.
 */
export function parseFrameHeader(bytes: Uint8Array, offset = 0): FrameHeader | undefined {
  const available = bytes.length - offset;
  if (available < 2) return undefined;

  const first = bytes[offset]!;
  const second = bytes[offset + 1]!;
  const headerLength = headerLengthOf(second);
  if (available < headerLength) return undefined;

  const masked = (second & 0x80) !== 0;
  return {
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 0b111,
    opcode: first & 0x0f,
    masked,
    maskKey: masked ? bytes.subarray(offset + headerLength - 4, offset + headerLength) : undefined,
    payloadLength: parsePayloadLength(bytes, offset),
    headerLength,
  };
}

/**
 * Reads the payload length out of the whole header at `offset`.
 *
 * @throws WebSocketError as `parseFrameHeader` does.
 */
export function parsePayloadLength(bytes: Uint8Array, offset: number): number {
  const length7 = bytes[offset + 1]! & 0x7f;
  if (length7 < Extended16) return length7;
  if (length7 === Extended16) {
    const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
    if (length < Extended16) throw new WebSocketError("WS_LENGTH_NOT_MINIMAL", `${length} written in 16 bits`);
    return length;
  }
  const high = readUint32(bytes, offset + 2);
  const length = high * 2 ** 32 + readUint32(bytes, offset + 6);
  if (high >= 2 ** 31) throw new WebSocketError("WS_LENGTH_INVALID", "the first bit of a 64-bit length is set");
  if (length <= 0xffff) throw new WebSocketError("WS_LENGTH_NOT_MINIMAL", `${length} written in 64 bits`);
  // Beyond 2^53 − 1 a double no longer holds each integer, and nobody sends 8 PiB in good faith.
  if (high >= 2 ** 21) throw new WebSocketError("WS_MESSAGE_TOO_BIG", "a frame of more than 2^53 − 1 bytes");
  return length;
}

/** Returns the length in bytes of the header that `encodeFrameHeader` writes. */
export function encodedHeaderLength(payloadLength: number, masked: boolean): number {
  const lengthBytes = payloadLength < Extended16 ? 0 : payloadLength <= 0xffff ? 2 : 8;
  return 2 + lengthBytes + (masked ? 4 : 0);
}

/**
 * Writes a header with the shortest form of its length into `target` at `offset`, and returns its length in bytes.
 * `target` has room for it.
 */
export function encodeFrameHeader(
  header: Pick<FrameHeader, "fin" | "rsv" | "opcode" | "maskKey" | "payloadLength">,
  target: Uint8Array,
  offset = 0,
): number {
  const { payloadLength: length, maskKey } = header;
  const length7 = length < Extended16 ? length : length <= 0xffff ? Extended16 : Extended64;
  target[offset] = (header.fin ? 0x80 : 0) | (header.rsv << 4) | header.opcode;
  target[offset + 1] = (maskKey ? 0x80 : 0) | length7;
  let end = offset + 2;
  if (length7 === Extended64) {
    writeUint32(length / 2 ** 32, target, end);
    writeUint32(length, target, end + 4);
    end += 8;
  } else if (length7 === Extended16) {
    target[end++] = length >> 8;
    target[end++] = length;
  }
  if (maskKey) {
    for (const octet of maskKey) target[end++] = octet;
  }
  return end - offset;
}

function writeUint32(value: number, target: Uint8Array, offset: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value >>> 0;
}

function extendedLengthBytes(second: number): number {
  const length7 = second & 0x7f;
  return length7 < Extended16 ? 0 : length7 === Extended16 ? 2 : 8;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! * 2 ** 24 + ((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!);
}
