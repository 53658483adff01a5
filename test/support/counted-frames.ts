import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import type { Frame } from "../../src/protocol/frame/frame.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";

const MaskKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
/** The edges that `hawser_message_bytes` is to have, written out by hand. */
const SizeEdges = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

const OpcodeNames = new Map<number, string>([
  [Opcode.Continuation, "continuation"],
  [Opcode.Text, "text"],
  [Opcode.Binary, "binary"],
  [Opcode.Close, "close"],
  [Opcode.Ping, "ping"],
  [Opcode.Pong, "pong"],
]);

/** A frame without its mask. */
export function frameOf(opcode: Opcode, payload: string | Uint8Array = "", fin: "fin" | "more" = "fin"): Frame {
  return { fin: fin === "fin", rsv: 0, opcode, payload: Buffer.from(payload) };
}

/**
 * A script's own count of what goes one way: what the metrics say is compared with it, so it counts in another way than they
 * do. One for all WebSockets that have their labels in common.
 */
export class CountedFrames {
  readonly #masks: boolean;
  readonly frames = new Map<string, number>();
  /** Of whole messages. */
  readonly sizes: number[] = [];
  bytes = 0;
  messages = 0;

  /** @param by - who sends it: a client masks. */
  constructor(by: "client" | "server") {
    this.#masks = by === "client";
  }

  /** Counts the frames of one WebSocket, and returns them as they are on the wire. */
  wire(...frames: readonly Frame[]): Buffer {
    let message = 0;
    const pieces = frames.map((frame) => {
      const { opcode, fin, payload } = frame;
      const bytes = encodeFrame(frame, { maskKey: this.#masks ? MaskKey : undefined });
      const name = OpcodeNames.get(opcode) ?? "reserved";
      this.frames.set(name, (this.frames.get(name) ?? 0) + 1);
      this.bytes += bytes.length;
      if (name === "text" || name === "binary") this.messages += 1;
      if (opcode < Opcode.Close) message += payload.length;
      if (opcode < Opcode.Close && fin) this.sizes.push(message);
      if (opcode < Opcode.Close && fin) message = 0;
      return bytes;
    });
    return Buffer.concat(pieces);
  }

  /** How many messages are at most as large as each edge. */
  sizesUpTo(): [le: string, count: number][] {
    const upTo = (edge: number): number => this.sizes.filter((size) => size <= edge).length;
    return [...SizeEdges.map((edge): [string, number] => [String(edge), upTo(edge)]), ["+Inf", this.sizes.length]];
  }
}

/** Whole messages one way, with sizes around the edges. */
export function wholeMessages(seed: number): Frame[] {
  const lengths = [0, 1, 63, 64, 65, 125, 126, 256, 257, 4096, 4097, 65_535, 65_536, 65_537, 70_000 + seed];
  return lengths.map((length, at) => frameOf(at % 2 === 0 ? Opcode.Text : Opcode.Binary, filled(seed, length)));
}

/** Messages in fragments, with control frames between them: one Ping, `between SEED`, and Pongs that nobody has asked for. */
export function fragmentedMessages(seed: number): Frame[] {
  return [
    frameOf(Opcode.Text, filled(seed, 10), "more"),
    frameOf(Opcode.Ping, `between ${seed}`),
    frameOf(Opcode.Continuation, filled(seed, 50), "more"),
    frameOf(Opcode.Pong, "unasked"),
    frameOf(Opcode.Continuation, "", "more"),
    frameOf(Opcode.Continuation, filled(seed, 5 + seed)),
    frameOf(Opcode.Binary, "", "more"),
    frameOf(Opcode.Continuation, filled(seed, 300)),
    frameOf(Opcode.Pong, ""),
  ];
}

function filled(seed: number, length: number): Buffer {
  return Buffer.alloc(length, 97 + (seed % 26));
}
