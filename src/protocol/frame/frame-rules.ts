import type { ErrorCode } from "../errors.ts";
import type { FrameHeader } from "./frame-header.ts";
import { isControl, isOpcode, Opcode } from "./opcode.ts";

/** Longest payload of a control frame in bytes (RFC 6455 §5.5). */
export const MaxControlPayloadBytes = 125;

/** What decides, beside the header itself, whether a frame may come now. */
export interface FrameRules {
  /** Who sends the frames: a client masks each one, a server none. */
  readonly sender: "client" | "server";
  /** The RSV bits that negotiated extensions gave a meaning to, on the first frame of a message. */
  readonly allowedRsv: number;
  /** Whether a fragmented message has begun and not ended. */
  readonly insideMessage: boolean;
}

/** Returns the first rule of RFC 6455 §5 that the frame with this header breaks, or `undefined` if it may come. */
export function brokenRule(
  header: Pick<FrameHeader, "fin" | "rsv" | "opcode" | "masked" | "payloadLength">,
  rules: FrameRules,
): ErrorCode | undefined {
  const { opcode } = header;
  if (!isOpcode(opcode)) return "WS_OPCODE_RESERVED";
  const mayCarryRsv = opcode === Opcode.Text || opcode === Opcode.Binary;
  if (header.rsv & ~(mayCarryRsv ? rules.allowedRsv : 0)) return "WS_RSV_UNEXPECTED";
  if (rules.sender === "client" && !header.masked) return "WS_MASK_MISSING";
  if (rules.sender === "server" && header.masked) return "WS_MASK_UNEXPECTED";
  if (isControl(opcode)) {
    if (!header.fin) return "WS_CONTROL_FRAGMENTED";
    if (header.payloadLength > MaxControlPayloadBytes) return "WS_CONTROL_TOO_LONG";
    return undefined;
  }
  if (rules.insideMessage && opcode !== Opcode.Continuation) return "WS_CONTINUATION_MISSING";
  if (!rules.insideMessage && opcode === Opcode.Continuation) return "WS_CONTINUATION_UNEXPECTED";
  return undefined;
}
