import { type Frame, parseClosePayload } from "../../src/protocol/frame/frame.ts";
import { encodeFrame, tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import type { Closing } from "../../src/protocol/message/connection-machine.ts";
import type { ByteStream, StreamEnding } from "../../src/transport/byte-stream.ts";
import {
  createMemoryPair,
  type MemoryByteStream,
  type MemoryPairOptions,
} from "../../src/transport/memory-byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import type { WebSocketConnectionOptions } from "../../src/websocket/connection-options.ts";
import type { ConnectionEnding, ConnectionLimit } from "../../src/websocket/connection-ending.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { askedFor } from "./asked-for.ts";
import { joined } from "./bits.ts";

const MaskKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** Lets everything happen that needs no clock. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** A frame as one readable line: `Text Hello`, `Close 1000 bye`. */
function described({ opcode, payload }: Frame): string {
  const name = Object.entries(Opcode).find(([, value]) => value === opcode)?.[0] ?? "?";
  if (opcode === Opcode.Binary) return `${name} ${payload.length}`;
  if (opcode !== Opcode.Close) return `${name} ${new TextDecoder().decode(payload)}`.trim();
  const { code, reason } = parseClosePayload(payload);
  return `${name} ${code} ${reason}`.trim();
}

/** The payload of a Close frame, its code allowed or not. */
export function closePayload(code: number, reason = ""): Uint8Array {
  return joined([Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason)]);
}

/** The other end of the connection under test: speaks frames, and writes down what it hears. */
export class Peer {
  readonly stream: MemoryByteStream;
  readonly #masks: boolean;
  #received: Uint8Array = new Uint8Array(0);
  /** Frames received, `END`, and how the stream closed. */
  readonly heard: string[] = [];
  /** The payloads of these frames. */
  readonly payloads: Uint8Array[] = [];
  ending: StreamEnding | undefined;
  receivedBytes = 0;

  constructor(stream: MemoryByteStream, role: "client" | "server") {
    this.stream = stream;
    this.#masks = role === "client";
    stream.start({
      onBytes: (bytes, start, end) => this.#hear(bytes.slice(start, end)),
      onDrain: () => {},
      onEnd: () => this.heard.push("END"),
      onClose: (ending) => {
        this.ending = ending;
      },
    });
  }

  /** The wire bytes of one frame of this peer. */
  frame(opcode: Opcode, payload: string | Uint8Array = "", fin: "fin" | "more" = "fin"): Uint8Array {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const frame = { fin: fin === "fin", rsv: 0, opcode, payload: bytes };
    return encodeFrame(frame, { maskKey: this.#masks ? MaskKey : undefined });
  }

  /** Sends all `parts` in one piece. */
  send(...parts: Uint8Array[]): void {
    const bytes = joined(parts);
    this.stream.write(bytes, 0, bytes.length, "kept");
  }

  text(...texts: string[]): void {
    this.send(...texts.map((text) => this.frame(Opcode.Text, text)));
  }

  close(code?: number, reason?: string): void {
    this.send(this.frame(Opcode.Close, code === undefined ? "" : closePayload(code, reason)));
  }

  #hear(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length;
    this.#received = joined([this.#received, bytes]);
    for (let next = tryDecodeFrame(this.#received); next; next = tryDecodeFrame(this.#received)) {
      this.heard.push(described(next.frame));
      this.payloads.push(next.frame.payload);
      this.#received = this.#received.slice(next.length);
    }
  }
}

export interface SetUp {
  readonly connection: WebSocketConnection;
  readonly near: MemoryByteStream;
  readonly peer: Peer;
  /** What the handler was told, as lines. */
  readonly told: string[];
  readonly closings: Closing[];
  readonly errors: unknown[];
  readonly endings: ConnectionEnding[];
  readonly limitsHit: ConnectionLimit[];
  readonly incoming: Traffic;
  readonly outgoing: Traffic;
}

type Notes = Pick<SetUp, "told" | "closings" | "errors" | "endings" | "limitsHit">;

export type SetUpOptions = Partial<WebSocketConnectionOptions> & {
  readonly pair?: MemoryPairOptions;
  readonly stream?: ByteStream;
};

/** A connection in memory, its handler's calls written down before `handler` gets them. */
export function setUp(handler: WebSocketHandler = {}, options: SetUpOptions = {}): SetUp {
  return connect(options, (notes) => ({ ...watchedEnds(handler, notes), ...watchedMessages(handler, notes) }));
}

/** The same, but for the messages: they are asked for, or come in parts. */
export function setUpAsking(handler: WebSocketHandler = {}, options: SetUpOptions = {}): SetUp {
  return connect(options, (notes) => ({ ...handler, ...watchedEnds(handler, notes) }));
}

function connect(options: SetUpOptions, handlerOf: (notes: Notes) => WebSocketHandler): SetUp {
  const { near, far } = createMemoryPair(options.pair);
  const role = options.role ?? "server";
  const notes: Notes = { told: [], closings: [], errors: [], endings: [], limitsHit: [] };
  const traffic = { incoming: new Traffic(), outgoing: new Traffic() };
  const peer = new Peer(far, role === "server" ? "client" : "server");
  const connection = new WebSocketConnection(options.stream ?? near, {
    maxMessageBytes: 100_000,
    maxFrameBytes: Infinity,
    maxFragments: 10,
    maxBufferedBytes: 16 * 1024 * 1024,
    closeMs: 5_000,
    writeStallMs: 60_000,
    pingIntervalMs: Infinity,
    request: askedFor(),
    subprotocol: undefined,
    ...options,
    ...traffic,
    role,
    handler: handlerOf(notes),
    onLimit: (limit) => notes.limitsHit.push(limit),
    onEnded: (ending) => notes.endings.push(ending),
  });
  return { connection, near, peer, ...notes, ...traffic };
}

function watchedMessages(handler: WebSocketHandler, notes: Notes): WebSocketHandler {
  return {
    onMessage(connection, message) {
      notes.told.push(typeof message === "string" ? message : `${message.length} bytes`);
      return handler.onMessage?.(connection, message);
    },
  };
}

function watchedEnds(handler: WebSocketHandler, notes: Notes): WebSocketHandler {
  return {
    onOpen(connection) {
      notes.told.push("open");
      return handler.onOpen?.(connection);
    },
    onClose(connection, closing) {
      notes.told.push(`close ${closing.code}`);
      notes.closings.push(closing);
      return handler.onClose?.(connection, closing);
    },
    onError(connection, error) {
      notes.told.push("error");
      notes.errors.push(error);
      return handler.onError?.(connection, error);
    },
  };
}
