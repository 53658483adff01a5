import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";

/** How a pair of {@link MemoryByteStream}s behaves. */
export interface MemoryPairOptions {
  /** `write` returns `false` while at least this many bytes wait for the other side; 64 KiB if not given. */
  readonly highWaterBytes?: number;
  /** The most bytes one `onBytes` gets; 64 KiB if not given. 1 cuts everything into single bytes. */
  readonly chunkBytes?: number;
  /** `call` hands bytes over in a buffer that is overwritten when `onBytes` returns; `kept` if not given. */
  readonly lifetime?: BytesLifetime;
}

const DefaultBytes = 65_536;

/** RST_STREAM codes (RFC 9113 §7), so that the other side of an `abort` sees what an HTTP/2 peer would see. */
const ResetCodes = { "no-error": 0, "protocol-error": 1, "internal-error": 2, cancel: 8, "connect-error": 10 } as const;

/**
 * Two byte streams, each the other's far end. What one writes the other gets, in microtasks, so that a fake clock does not
 * stop it. Bytes wait on the writing side until the other one takes them.
 */
export function createMemoryPair(options: MemoryPairOptions = {}): { near: MemoryByteStream; far: MemoryByteStream } {
  const near = new MemoryByteStream(options);
  return { near, far: new MemoryByteStream(options, near) };
}

interface Piece {
  readonly bytes: Uint8Array;
  start: number;
  readonly end: number;
}

/** A {@link ByteStream} without a network: the simplest form of the contract, and what tests of the floors above stand on. */
export class MemoryByteStream implements ByteStream {
  readonly lifetime: BytesLifetime;
  highWaterBytes: number;
  readonly #chunkBytes: number;
  #peer: MemoryByteStream;
  #consumer: ByteConsumer | undefined;
  #paused = false;
  /** Written here, not taken by the peer yet. */
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #drainOwed = false;
  #ended = false;
  /** The peer's end was told. */
  #peerEnded = false;
  #ending: StreamEnding | undefined;
  #turnPlanned = false;

  /** @param peer - the far end, which gets this one as its own; without it a stream hears itself. */
  constructor(options: MemoryPairOptions, peer?: MemoryByteStream) {
    this.lifetime = options.lifetime ?? "kept";
    this.highWaterBytes = options.highWaterBytes ?? DefaultBytes;
    this.#chunkBytes = options.chunkBytes ?? DefaultBytes;
    this.#peer = peer ?? this;
    this.#peer.#peer = this;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  start(consumer: ByteConsumer): void {
    this.#consumer = consumer;
    this.#planTurn();
  }

  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    if (this.#ended || this.#ending !== undefined) return true;
    if (end > start) {
      const piece =
        lifetime === "kept" ? { bytes, start, end } : { bytes: copyOf(bytes, start, end), start: 0, end: end - start };
      this.#queue.push(piece);
      this.#queuedBytes += end - start;
      this.#peer.#planTurn();
    }
    if (this.#queuedBytes < this.highWaterBytes) return true;
    this.#drainOwed = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#planTurn();
  }

  end(): void {
    this.#ended = true;
    this.#peer.#planTurn();
  }

  abort(reason: AbortReason): void {
    this.#close({ type: "aborted", reason });
    this.#peer.#close({ type: "reset", code: ResetCodes[reason] });
  }

  /** Cuts the connection: both sides hear `connection-lost`. */
  loseConnection(): void {
    this.#close({ type: "connection-lost" });
    this.#peer.#close({ type: "connection-lost" });
  }

  #close(ending: StreamEnding): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#planTurn();
  }

  #planTurn(): void {
    if (this.#turnPlanned || this.#consumer === undefined) return;
    this.#turnPlanned = true;
    queueMicrotask(() => {
      this.#turnPlanned = false;
      this.#turn();
    });
  }

  /** Tells the consumer one thing, and plans the next turn while there may be more to tell. */
  #turn(): void {
    const consumer = this.#consumer;
    const peer = this.#peer;
    if (consumer === undefined) return;
    if (this.#ending !== undefined) {
      this.#consumer = undefined;
      consumer.onClose(this.#ending);
    } else if (this.#drainOwed && this.#queuedBytes === 0 && !this.#ended) {
      this.#drainOwed = false;
      this.#planTurn();
      consumer.onDrain();
    } else if (!this.#paused && peer.#queuedBytes > 0) {
      this.#planTurn();
      this.#take(peer, consumer);
    } else if (!this.#paused && peer.#ended && !this.#peerEnded) {
      this.#peerEnded = true;
      consumer.onEnd();
      if (peer.#peerEnded) {
        this.#close({ type: "ended" });
        peer.#close({ type: "ended" });
      }
    }
  }

  #take(peer: MemoryByteStream, consumer: ByteConsumer): void {
    const piece = peer.#queue[0];
    if (piece === undefined) return;
    const { bytes, start } = piece;
    const end = Math.min(piece.end, start + this.#chunkBytes);
    piece.start = end;
    if (end === piece.end) peer.#queue.shift();
    peer.#queuedBytes -= end - start;
    if (peer.#queuedBytes === 0 && peer.#drainOwed) peer.#planTurn();
    if (this.lifetime === "kept") {
      consumer.onBytes(bytes, start, end);
    } else {
      const passing = copyOf(bytes, start, end);
      consumer.onBytes(passing, 0, passing.length);
      passing.fill(0xdd);
    }
  }
}

/** A copy even of a `Buffer`, whose own `slice` is a view. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
