import { constants, type ServerHttp2Stream } from "node:http2";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";

/** The code of RST_STREAM for each reason (RFC 9113 §7). */
const ResetCode: Readonly<Record<AbortReason, number>> = {
  "no-error": constants.NGHTTP2_NO_ERROR,
  "protocol-error": constants.NGHTTP2_PROTOCOL_ERROR,
  "internal-error": constants.NGHTTP2_INTERNAL_ERROR,
  cancel: constants.NGHTTP2_CANCEL,
  "connect-error": constants.NGHTTP2_CONNECT_ERROR,
};

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
      // An end is pushed behind a reset as well, and one with NO_ERROR tells nothing else while our own end is queued.
      if (stream.closed && (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.writableFinished)) this.#cutOff();
      else if (this.#ending === undefined) consumer.onEnd();
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
    resetStream(this.#stream, ResetCode[reason]);
  }

  /** A CONNECT has no trailers (RFC 9113 §8.5). */
  #refuseTrailers(): void {
    if (this.#ending !== undefined) return;
    this.#ending = { type: "reset", code: constants.NGHTTP2_PROTOCOL_ERROR };
    resetStream(this.#stream, constants.NGHTTP2_PROTOCOL_ERROR);
  }

  /** The stream is over in both directions, from outside. */
  #cutOff(): void {
    if (this.#ending !== undefined) return;
    this.#ending = this.#isConnectionLost()
      ? { type: "connection-lost" }
      : { type: "reset", code: this.#stream.rstCode };
    // Behind NO_ERROR it would first have to be read and to have sent all it holds. Not at once: it is being closed.
    process.nextTick(() => this.#stream.destroy());
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
 * Sends RST_STREAM with `code` and without END_STREAM before it, which a peer might take for an end in order: `close` ends our
 * half first. A write that is not done yet holds that end back, if nghttp2 is not just reading: then it would hold back the
 * reset as well.
 */
function resetStream(stream: ServerHttp2Stream, code: number): void {
  if (code === constants.NGHTTP2_NO_ERROR) {
    // close(NO_ERROR) would wait until what is queued has left.
    stream.destroy();
    return;
  }
  setImmediate(() => {
    if (!stream.destroyed && !stream.writableEnded) stream.write(Buffer.alloc(0));
    stream.close(code);
  });
}
