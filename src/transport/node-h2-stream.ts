import { constants, type Http2Stream } from "node:http2";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";
import { HighWater } from "./high-water.ts";
import { resetStream } from "./node-h2-reset.ts";

/** The code of RST_STREAM for each reason (RFC 9113 §7). */
const ResetCode: Readonly<Record<AbortReason, number>> = {
  "no-error": constants.NGHTTP2_NO_ERROR,
  "protocol-error": constants.NGHTTP2_PROTOCOL_ERROR,
  "internal-error": constants.NGHTTP2_INTERNAL_ERROR,
  cancel: constants.NGHTTP2_CANCEL,
  "connect-error": constants.NGHTTP2_CONNECT_ERROR,
};

/**
 * The bytes of a WebSocket over HTTP/2: an Extended CONNECT stream of node:http2, of a server or a client, that was
 * answered with 200, of which this is the only owner from now on.
 */
export class NodeH2ByteStream implements ByteStream {
  readonly lifetime: BytesLifetime = "kept";
  readonly #stream: Http2Stream;
  readonly #isConnectionLost: () => boolean;
  readonly #highWater: HighWater;
  #consumer: ByteConsumer | undefined;
  #paused = false;
  #ended = false;
  #closed = false;
  /** Known from the first moment on; told when the stream has closed. */
  #ending: StreamEnding | undefined;

  /** @param isConnectionLost - asked when the stream is cut off: whether its connection is gone. */
  constructor(stream: Http2Stream, isConnectionLost: () => boolean) {
    this.#stream = stream;
    this.#highWater = new HighWater(stream, () => this.#onDrain());
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

  get highWaterBytes(): number {
    return this.#highWater.bytes;
  }

  set highWaterBytes(bytes: number) {
    this.#highWater.bytes = bytes;
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
    if (!this.#paused) stream.resume();
  }

  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    if (this.#ended || this.#ending !== undefined) return true;
    const view = bytes.subarray(start, end);
    return this.#highWater.write(lifetime === "kept" ? view : Buffer.from(view));
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

  #onDrain(): void {
    if (!this.#ended && this.#ending === undefined) this.#consumer?.onDrain();
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
