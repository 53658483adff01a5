import { WebSocketError } from "../errors.ts";
import type { Frame } from "./frame.ts";
import { encodeFrameHeader, MaxHeaderBytes } from "./frame-header.ts";
import { MaxControlPayloadBytes } from "./frame-rules.ts";
import { applyMask } from "./mask.ts";
import { isControl } from "./opcode.ts";

/**
 * Returns the wire bytes of `frame`, masked with `maskKey` where one is given. The payload is copied, so the caller keeps
 * its bytes and nobody else knows the returned ones.
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

function checkControl(frame: Frame): void {
  if (!frame.fin) {
    throw new WebSocketError("WS_CONTROL_FRAGMENTED", "a control frame is one frame", { origin: "caller" });
  }
  if (frame.payload.length > MaxControlPayloadBytes) {
    const message = `a control frame with ${frame.payload.length} bytes of payload`;
    throw new WebSocketError("WS_CONTROL_TOO_LONG", message, { origin: "caller" });
  }
}
