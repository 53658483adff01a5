import type { Traffic } from "../../protocol/frame/traffic.ts";

/** Frames of all opcodes. */
export function framesOf({ continuation, text, binary, close, ping, pong }: Traffic): number {
  return continuation + text + binary + close + ping + pong;
}

/** Messages begun: each has one frame that is text or binary, whatever follows it (RFC 6455 §5.4). */
export function messagesOf({ text, binary }: Traffic): number {
  return text + binary;
}
