import { Readable } from "node:stream";
import type { ByteConsumer, StreamEnding } from "../byte-stream.ts";
import { LingerMs, MaxDroppedBytes } from "../lingering-close.ts";
import type { H2Stream } from "./h2-stream.ts";

/**
 * The content of a request, read from its stream as fast as it is read itself. Behind the answer what still comes is dropped,
 * for a while and up to a bound; then the stream is reset with NO_ERROR (RFC 9113 §8.1).
 */
export class H2Content implements ByteConsumer {
  readonly readable: Readable;
  readonly onDrain: () => void;
  readonly #stream: H2Stream;
  #droppedBytes: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Starts the stream, and is its only consumer.
   *
   * @param onDrain - told when a full answer takes bytes again.
   */
  constructor(stream: H2Stream, onDrain: () => void) {
    this.#stream = stream;
    this.onDrain = onDrain;
    // A stream that is cut off ends in no way here: its owner is told.
    this.readable = new Readable({ autoDestroy: false, read: () => stream.resume() });
    stream.pause();
    stream.start(this);
  }

  /** The answer has left. */
  linger(): void {
    if (this.#stream.hasPeerEnded || this.#stream.isOver) return;
    this.#droppedBytes = 0;
    this.#timer = setTimeout(() => this.#stream.abort("no-error"), LingerMs);
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    if (!this.readable.push(bytes.subarray(start, end))) this.#stream.pause();
    if (this.#droppedBytes === undefined) return;
    this.#droppedBytes += end - start;
    if (this.#droppedBytes > MaxDroppedBytes) this.#stream.abort("no-error");
  }

  onEnd(): void {
    this.readable.push(null);
  }

  onClose(_ending: StreamEnding): void {
    clearTimeout(this.#timer);
  }
}
