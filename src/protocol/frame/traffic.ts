import type { MessageSizes } from "./message-sizes.ts";
import { Opcode } from "./opcode.ts";

/**
 * What passed in one direction of one WebSocket: plain integers, so that counting costs an addition. Whoever reads frame
 * headers adds to it; telemetry reads it at scrape time, while the stream lives and once more when it ends.
 */
export class Traffic {
  /** Bytes on the wire of RFC 6455: frame headers and payload. */
  bytes = 0;
  continuation = 0;
  text = 0;
  binary = 0;
  close = 0;
  ping = 0;
  pong = 0;
  /** Payload that has come of the message that has begun and not ended. */
  begunBytes = 0;
  /** How long the sender was held back since the receiver was full, in milliseconds. */
  heldMs = 0;
  /** Since when it is now, by a clock that never goes back; 0 where it is not. */
  heldSinceMs = 0;
  /** Where the sizes of whole messages are counted, if they are. */
  readonly sizes: MessageSizes | undefined;

  /** @param sizes - which other streams may count into as well. */
  constructor(sizes?: MessageSizes) {
    this.sizes = sizes;
  }
}

/** A frame of a message (RFC 6455 §5.4) has come whole, beside `countFrame`: the size of the message counts with its last one. */
export function countFragment(traffic: Traffic, fin: boolean, payloadLength: number): void {
  if (fin) {
    traffic.sizes?.add(traffic.begunBytes + payloadLength);
    traffic.begunBytes = 0;
  } else {
    traffic.begunBytes += payloadLength;
  }
}

/** Adds one frame to `traffic`; reserved opcodes count as nothing. */
export function countFrame(traffic: Traffic, opcode: number): void {
  switch (opcode) {
    case Opcode.Continuation:
      traffic.continuation++;
      return;
    case Opcode.Text:
      traffic.text++;
      return;
    case Opcode.Binary:
      traffic.binary++;
      return;
    case Opcode.Close:
      traffic.close++;
      return;
    case Opcode.Ping:
      traffic.ping++;
      return;
    case Opcode.Pong:
      traffic.pong++;
  }
}

/** The sender is held back from now on; nothing where it is already. `nowMs` is more than 0, by a clock that never goes back. */
export function holdBack(traffic: Traffic, nowMs: number): void {
  if (traffic.heldSinceMs === 0) traffic.heldSinceMs = nowMs;
}

/** The sender goes on, if it was held back. */
export function goOn(traffic: Traffic, nowMs: number): void {
  traffic.heldMs = heldMsOf(traffic, nowMs);
  traffic.heldSinceMs = 0;
}

/** How long the sender has been held back until now. */
export function heldMsOf({ heldMs, heldSinceMs }: Traffic, nowMs: number): number {
  return heldSinceMs === 0 ? heldMs : heldMs + nowMs - heldSinceMs;
}
