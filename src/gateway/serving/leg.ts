import { closeFrame } from "../../protocol/frame/frame.ts";
import { encodeFrame } from "../../protocol/frame/frame-codec.ts";
import { createMaskKey } from "../../protocol/frame/mask.ts";
import type { AbortReason, ByteConsumer, ByteStream, StreamEnding } from "../../transport/byte-stream.ts";
import type { Pipe, PipeEvent } from "./pipe.ts";

/** What happened at one end of a relay. `stalled` is about what goes to this end, the rest about what comes from it. */
export type LegEvent =
  | PipeEvent
  /** The peer ended its half. */
  | { readonly type: "ended" }
  /** The stream is over. Not told where this side aborted it. */
  | { readonly type: "closed"; readonly ending: StreamEnding };

/** One end of a relay: its stream, the pipe that reads it and the pipe that writes to it, and how far it has closed. */
export class Leg implements ByteConsumer {
  readonly side: "client" | "upstream";
  readonly reads: Pipe;
  readonly writes: Pipe;
  readonly #stream: ByteStream;
  readonly #tell: (event: LegEvent) => void;
  #ended = false;
  #closed = false;

  constructor(
    side: Leg["side"],
    stream: ByteStream,
    { reads, writes, tell }: { reads: Pipe; writes: Pipe; tell: (event: LegEvent) => void },
  ) {
    this.side = side;
    this.reads = reads;
    this.writes = writes;
    this.#stream = stream;
    this.#tell = tell;
  }

  /** Whether the peer ended its half. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the stream is over, or was aborted by us. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether all is said: the peer was sent a Close, and its own came or cannot come (RFC 6455 §7.1.4). */
  get allSaid(): boolean {
    return this.reads.sourceOver && this.writes.closeSent;
  }

  /** Bytes that were written and have not left. */
  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  /** As {@link ByteStream.sendWindow}. */
  get sendWindow(): number | undefined {
    return this.#stream.sendWindow;
  }

  /** Whether all that was written has left. */
  get flushed(): boolean {
    return this.bufferedBytes === 0;
  }

  start(): void {
    this.#stream.start(this);
  }

  /** Sends a Close of the gateway's own behind the frame that is on its way, unless a Close has gone already. */
  close(code: number): void {
    const maskKey = this.side === "upstream" ? createMaskKey() : undefined;
    this.writes.insertClose(encodeFrame(closeFrame(code), { maskKey }));
  }

  /** Ends our half. */
  end(): void {
    if (this.#closed) return;
    this.writes.shut();
    this.#stream.end();
  }

  /** Gives the stream up; it counts as closed from now on. */
  abort(reason: AbortReason): void {
    if (this.#closed) return;
    this.#over();
    this.#stream.abort(reason);
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    this.reads.take(bytes, start, end);
  }

  onDrain(): void {
    this.writes.drained();
  }

  onEnd(): void {
    this.#ended = true;
    this.#tell({ type: "ended" });
  }

  onClose(ending: StreamEnding): void {
    if (this.#closed) return;
    this.#over();
    this.#tell({ type: "closed", ending });
  }

  #over(): void {
    this.#closed = true;
    this.writes.shut();
  }
}
