import { constants, type ServerHttp2Stream } from "node:http2";
import { addAbortSignal } from "node:stream";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";

/**
 * The bytes of a WebSocket over HTTP/2: an Extended CONNECT stream of node:http2 that was answered with 200, of which this
 * is the only owner from now on. Backpressure is the stream's own `writableHighWaterMark`, 64 KiB.
 */
export class NodeH2ByteStream implements ByteStream {
  readonly lifetime: BytesLifetime = "kept";
  readonly #stream: ServerHttp2Stream;
  readonly #isConnectionLost: () => boolean;
  #consumer: ByteConsumer | undefined;
  #paused = false;
  #ended = false;
  #closed = false;
  /** Known from the first moment on; told when the stream has closed. */
  #ending: StreamEnding | undefined;

  /** @param isConnectionLost - asked when the stream is cut off: whether its connection is gone. */
  constructor(stream: ServerHttp2Stream, isConnectionLost: () => boolean) {
    this.#stream = stream;
    this.#isConnectionLost = isConnectionLost;
    // A stream that was never touched on its reading side resets itself behind our END_STREAM.
    stream.pause();
    stream.once("trailers", () => this.#refuseTrailers());
    stream.once("aborted", () => this.#cutOff());
    stream.once("close", () => this.#onStreamClose());
  }

  get bufferedBytes(): number {
    return this.#ending === undefined ? this.#stream.writableLength : 0;
  }

  start(consumer: ByteConsumer): void {
    this.#consumer = consumer;
    const stream = this.#stream;
    if (this.#closed) {
      process.nextTick(() => this.#tellClose());
      return;
    }
    stream.on("data", (chunk: Buffer) => {
      if (this.#ending === undefined) consumer.onBytes(chunk, 0, chunk.length);
    });
    stream.on("end", () => {
      // Destroying pushes an end as well.
      if (this.#ending === undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR) consumer.onEnd();
    });
    stream.on("drain", () => {
      if (this.#ending === undefined) consumer.onDrain();
    });
    if (!this.#paused) stream.resume();
  }

  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    if (this.#ended || this.#ending !== undefined) return true;
    if (end === start) return !this.#stream.writableNeedDrain;
    const view = bytes.subarray(start, end);
    return this.#stream.write(lifetime === "kept" ? view : Buffer.from(view));
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#consumer !== undefined) this.#stream.resume();
  }

  end(): void {
    if (this.#ended || this.#ending !== undefined) return;
    this.#ended = true;
    this.#stream.end();
  }

  abort(reason: AbortReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = { type: "aborted", reason };
    resetStream(this.#stream, reason);
  }

  /** A CONNECT has no trailers (RFC 9113 §8.5). */
  #refuseTrailers(): void {
    if (this.#ending !== undefined) return;
    this.#ending = { type: "reset", code: constants.NGHTTP2_PROTOCOL_ERROR };
    resetStream(this.#stream, "protocol-error");
  }

  /** The stream is over in both directions, from outside, before our half was ended. */
  #cutOff(): void {
    this.#ending ??= this.#isConnectionLost()
      ? { type: "connection-lost" }
      : { type: "reset", code: this.#stream.rstCode };
    // Behind NO_ERROR it closes only when what it holds has been read.
    this.#stream.resume();
  }

  #onStreamClose(): void {
    const { readableEnded, writableFinished, rstCode } = this.#stream;
    const isWhole = readableEnded && writableFinished && rstCode === constants.NGHTTP2_NO_ERROR;
    if (isWhole) this.#ending ??= { type: "ended" };
    else this.#cutOff();
    this.#closed = true;
    this.#tellClose();
  }

  #tellClose(): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (this.#ending !== undefined) consumer?.onClose(this.#ending);
  }
}

/**
 * Sends RST_STREAM. `close(code)` is the plain way, but puts an empty DATA with END_STREAM before it, which a peer may take
 * for an end in order; `destroy` does not, and knows three codes: none, CANCEL for an AbortError, INTERNAL_ERROR for others.
 */
function resetStream(stream: ServerHttp2Stream, reason: AbortReason): void {
  switch (reason) {
    case "no-error":
      // Not close(NO_ERROR): that waits for what is queued.
      stream.destroy();
      return;
    case "cancel":
      addAbortSignal(AbortSignal.abort(), stream);
      return;
    case "internal-error":
      stream.destroy(new Error("aborted"));
      return;
    case "protocol-error":
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      return;
    case "connect-error":
      stream.close(constants.NGHTTP2_CONNECT_ERROR);
      return;
    default:
      reason satisfies never;
  }
}
