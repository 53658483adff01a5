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
