import { WebSocketError } from "../errors.ts";
import type { Frame } from "./frame.ts";
import { encodedHeaderLength, encodeFrameHeader, Extended16, parseFrameHeader } from "./frame-header.ts";
import { MaxControlPayloadBytes } from "./frame-rules.ts";
import { applyMask, maskWord, writeMasked } from "./mask.ts";
import { isControl, parseOpcode } from "./opcode.ts";
import { wireMemory } from "./wire-memory.ts";

/**
 * Returns the wire bytes of `frame`, masked with `maskKey` where one is given. The payload is copied: the caller keeps its
 * bytes, and nobody else has the returned ones; but small frames lie side by side in one `buffer`.
 *
 * @throws WebSocketError `WS_CONTROL_FRAGMENTED` or `WS_CONTROL_TOO_LONG` with origin `caller`.
 */
export function encodeFrame(frame: Frame, options: { readonly maskKey?: Uint8Array | undefined } = {}): Uint8Array {
  const { maskKey } = options;
  return maskKey ? encodeMasked(frame, maskWord(maskKey, 0)) : encodeUnmasked(frame);
}

/**
 * Returns the wire bytes of `frame`, masked with the key that `word` is; otherwise as `encodeFrame`.
 *
 * @throws WebSocketError as `encodeFrame` does.
 */
export function encodeMasked(frame: Frame, word: number): Uint8Array {
  const { payload } = frame;
  const bytes = beginFrame(frame, true, payload.length);
  const start = bytes.length - payload.length;
  bytes[1]! |= 0x80;
  bytes[start - 4] = word;
  bytes[start - 3] = word >> 8;
  bytes[start - 2] = word >> 16;
  bytes[start - 1] = word >> 24;
  writeMasked(payload, bytes, start, word);
  return bytes;
}

/**
 * Returns the wire bytes of `frame`, unmasked, as `encodeFrame` does; a call for each message, so without its options.
 *
 * @throws WebSocketError as `encodeFrame` does.
 */
export function encodeUnmasked(frame: Frame): Uint8Array {
  const { payload } = frame;
  const bytes = beginFrame(frame, false, payload.length);
  bytes.set(payload, bytes.length - payload.length);
  return bytes;
}

/**
 * Returns the header alone of the unmasked `frame`, for whoever sends the payload behind it without a copy.
 *
 * @throws WebSocketError as `encodeFrame` does.
 */
export function encodeHeaderOf(frame: Frame): Uint8Array {
  return beginFrame(frame, false, 0);
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
  const opcode = parseOpcode(header.opcode);
  const length = header.headerLength + header.payloadLength;
  if (bytes.length - offset < length) return undefined;
  // Not `bytes.slice`: on a Buffer that is a view.
  const payload = new Uint8Array(bytes.subarray(offset + header.headerLength, offset + length));
  if (header.maskKey) applyMask(payload, header.maskKey);
  return { frame: { fin: header.fin, rsv: header.rsv, opcode, payload }, length };
}

/** The header of `frame` but for the masking key, with `room` bytes behind it. */
function beginFrame(frame: Frame, masked: boolean, room: number): Uint8Array {
  const { fin, rsv, opcode, payload } = frame;
  if (isControl(opcode)) checkControl(frame);
  const payloadLength = payload.length;
  if (payloadLength < Extended16) {
    // Most frames: two octets, for which the call below is a tenth of all that a message costs.
    const bytes = wireMemory((masked ? 6 : 2) + room);
    bytes[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    bytes[1] = payloadLength;
    return bytes;
  }
  const bytes = wireMemory(encodedHeaderLength(payloadLength, masked) + room);
  encodeFrameHeader({ fin, rsv, opcode, maskKey: undefined, payloadLength }, bytes);
  return bytes;
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
