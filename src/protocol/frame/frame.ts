import { CloseCode, isSendable } from "../close-code.ts";
import { WebSocketError } from "../errors.ts";
import { MaxControlPayloadBytes } from "./frame-rules.ts";
import { Opcode } from "./opcode.ts";

// Has no state.
const encoder = new TextEncoder();

/** One frame with its payload unmasked (RFC 6455 §5.2). */
export interface Frame {
  readonly fin: boolean;
  /** The three reserved bits; RSV1 is 0b100. */
  readonly rsv: number;
  readonly opcode: Opcode;
  readonly payload: Uint8Array;
}

/** A whole text message in one frame. A lone surrogate in `text` becomes U+FFFD. */
export function textFrame(text: string): Frame {
  return wholeFrame(Opcode.Text, encoder.encode(text));
}

/** A whole binary message in one frame; `payload` is not copied. */
export function binaryFrame(payload: Uint8Array): Frame {
  return wholeFrame(Opcode.Binary, payload);
}

/** A Ping; `payload` is not copied. */
export function pingFrame(payload: Uint8Array): Frame {
  return wholeFrame(Opcode.Ping, payload);
}

/** A Pong; `payload` is not copied. */
export function pongFrame(payload: Uint8Array): Frame {
  return wholeFrame(Opcode.Pong, payload);
}

/**
 * A Close frame. Without a code its payload is empty. Of `reason` as much goes along as the payload has room for
 * (123 bytes), whole characters only.
 *
 * @throws WebSocketError `WS_CLOSE_CODE_INVALID` with origin `caller` for a code that may not be sent.
 */
export function closeFrame(code?: number, reason = ""): Frame {
  if (code === undefined) return wholeFrame(Opcode.Close, new Uint8Array(0));
  if (!isSendable(code)) {
    throw new WebSocketError("WS_CLOSE_CODE_INVALID", `a Close frame cannot carry ${code}`, { origin: "caller" });
  }
  const payload = new Uint8Array(MaxControlPayloadBytes);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return wholeFrame(Opcode.Close, payload.subarray(0, 2 + written));
}

/**
 * Reads what a Close frame says (RFC 6455 §5.5.1); `payload` is unmasked. An empty one has the code 1005.
 *
 * @throws WebSocketError `WS_CLOSE_PAYLOAD_INVALID` for a single byte, `WS_CLOSE_CODE_INVALID` for a code that may not be
 *   sent (both 1002), `WS_CLOSE_REASON_NOT_UTF8` (1007).
 */
export function parseClosePayload(payload: Uint8Array): { readonly code: number; readonly reason: string } {
  if (payload.length === 0) return { code: CloseCode.NoStatus, reason: "" };
  if (payload.length === 1) throw new WebSocketError("WS_CLOSE_PAYLOAD_INVALID", "a Close frame with half a code");
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isSendable(code)) throw new WebSocketError("WS_CLOSE_CODE_INVALID", `a Close frame with code ${code}`);
  if (payload.length === 2) return { code, reason: "" };
  try {
    return { code, reason: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload.subarray(2)) };
  } catch (cause) {
    throw new WebSocketError("WS_CLOSE_REASON_NOT_UTF8", "the reason of a Close frame is not UTF-8", { cause });
  }
}

function wholeFrame(opcode: Opcode, payload: Uint8Array): Frame {
  return { fin: true, rsv: 0, opcode, payload };
}
