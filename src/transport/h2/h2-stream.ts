import { singleFieldValue } from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "../byte-stream.ts";
import { ErrorCode, Flag, FrameHeaderBytes, FrameType } from "./h2-codes.ts";
import { writeFrameHeader } from "./frame-writer.ts";

/** What a stream asks of its connection. */
export interface StreamConnection {
  /** The stream has something that may leave. */
  queue(stream: H2Stream): void;
  sendHeaders(stream: H2Stream, fields: FieldLines, isLast: boolean): void;
  /** Sends RST_STREAM and forgets the stream. */
  reset(stream: H2Stream, code: ErrorCode): void;
  /** Lets the peer send `bytes` more on it. */
  grant(stream: H2Stream, bytes: number): void;
  /** Both halves are over on the wire. */
  forget(stream: H2Stream): void;
}

/** Bytes that wait to be sent. */
interface Piece {
  readonly bytes: Uint8Array;
  start: number;
  readonly end: number;
  readonly onTaken: (() => void) | undefined;
}

/** The code of RST_STREAM for each reason (RFC 9113 §7). */
const CodeOf: Readonly<Record<AbortReason, ErrorCode>> = {
  "no-error": ErrorCode.NoError,
  "protocol-error": ErrorCode.ProtocolError,
  "internal-error": ErrorCode.InternalError,
  cancel: ErrorCode.Cancel,
  "connect-error": ErrorCode.ConnectError,
};

/** A piece that is less than this part of the chunk it lies in is copied, so that it does not keep all of that. */
const KeptPart = 0.5;

/**
 * One stream of an HTTP/2 connection (RFC 9113 §5.1), each half by itself: its state, its windows, and what waits in it. To
 * its owner it is a {@link ByteStream}.
 *
 *     receiving ──END_STREAM──▶ ended ──all read──▶ told        sending ──end()──▶ ending ──END_STREAM sent──▶ ended
 *         └────────── RST_STREAM either way, the connection's end ── both halves over at once ──────────┘
 *
 * Of an idle stream nothing is held but the fields below.
 */
export class H2Stream implements ByteStream {
  readonly lifetime: BytesLifetime = "kept";
  highWaterBytes = 65_536;
  readonly id: number;
  /** Whether it was opened with CONNECT: then it has no trailers (§8.5), and its content no length. */
  readonly isTunnel: boolean;
  /** Whether it stands in its connection's round of those that have something to send. */
  isQueued = false;
  /** Told when the peer or the connection ends the stream, and nobody has begun to read it or will. */
  onGone: (() => void) | undefined;
  /** Told once END_STREAM is on its way. */
  onEndSent: (() => void) | undefined;
  /** Told once it is over, however that came. */
  onOver: (() => void) | undefined;
  readonly #connection: StreamConnection;
  readonly #windowBytes: number;
  /** What the peer may send before it is granted more. */
  #receiveWindow: number;
  #sendWindow: number;
  /** What is missing of the content, where its length was said. */
  #lengthLeft: number | undefined;
  /** Read, and not granted again. */
  #consumedBytes = 0;
  #inbox: Uint8Array[] | undefined;
  #outbox: Piece[] | undefined;
  #outboxBytes = 0;
  #receiving: "open" | "ended" | "told" = "open";
  #sending: "open" | "ending" | "ended" = "open";
  #trailers: FieldLines | undefined;
  #consumer: ByteConsumer | undefined;
  #isPaused = false;
  #isDelivering = false;
  #isDrainOwed = false;
  /** Known from the first moment on, told by `onClose`. */
  #ending: StreamEnding | undefined;
  #isCloseTold = false;

  /**
   * @param windows - what the peer may send first, and what we may.
   * @param fields - those it was opened with.
   */
  constructor(
    id: number,
    connection: StreamConnection,
    windows: { readonly receive: number; readonly send: number },
    fields: FieldLines,
  ) {
    this.id = id;
    this.isTunnel = singleFieldValue(fields, ":method") === "CONNECT";
    this.#lengthLeft = this.isTunnel ? undefined : contentLengthOf(fields);
    this.#connection = connection;
    this.#windowBytes = windows.receive;
    this.#receiveWindow = windows.receive;
    this.#sendWindow = windows.send;
  }

  get bufferedBytes(): number {
    return this.#outboxBytes;
  }

  /** Whether the peer has ended its half. */
  get hasPeerEnded(): boolean {
    return this.#receiving !== "open";
  }

  /** Whether it is over: reset, cut off, or ended both ways. */
  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  start(consumer: ByteConsumer): void {
    this.#consumer = consumer;
    // Never from within this call.
    if (this.#inbox !== undefined || this.#receiving === "ended" || this.isOver)
      process.nextTick(() => this.#deliver());
  }

  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    if (this.#sending !== "open" || this.isOver) return true;
    if (lifetime === "kept") return this.#push({ bytes, start, end, onTaken: undefined });
    const copy = new Uint8Array(bytes.subarray(start, end));
    return this.#push({ bytes: copy, start: 0, end: copy.length, onTaken: undefined });
  }

  /** Like `write`, of bytes that nobody changes; `onTaken` is called once they have left. */
  writePart(bytes: Uint8Array, onTaken: () => void): boolean {
    if (this.#sending !== "open" || this.isOver) return true;
    return this.#push({ bytes, start: 0, end: bytes.length, onTaken });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#inbox !== undefined || this.#receiving === "ended") process.nextTick(() => this.#deliver());
  }

  end(trailers?: FieldLines): void {
    if (this.#sending !== "open" || this.isOver) return;
    this.#sending = "ending";
    this.#trailers = trailers;
    this.#connection.queue(this);
  }

  abort(reason: AbortReason): void {
    if (this.isOver) return;
    this.#finish({ type: "aborted", reason });
    this.#connection.reset(this, CodeOf[reason]);
    process.nextTick(() => this.#tellClose());
  }

  /** Sends field lines; with `isLast` END_STREAM too. */
  sendHeaders(fields: FieldLines, isLast: boolean): void {
    if (this.#sending !== "open" || this.isOver) return;
    this.#connection.sendHeaders(this, fields, isLast);
    if (isLast) this.#endSending();
  }

  /** The peer sends `bytes` of DATA, padding among them; `false` if it may not. */
  takeFromWindow(bytes: number): boolean {
    this.#receiveWindow -= bytes;
    return this.#receiveWindow >= 0;
  }

  /** Padding and what is dropped count as read. */
  consume(bytes: number): void {
    this.#consumedBytes += bytes;
    // Half a window at a time: a grant for each read would be a frame for each frame.
    if (this.#consumedBytes * 2 < this.#windowBytes || this.#receiving !== "open" || this.isOver) return;
    this.#connection.grant(this, this.#consumedBytes);
    this.#receiveWindow += this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  /** Whether what has come keeps the length that was said of it (§8.1.1), `isLast` being the end of it. */
  keepsLength(isLast: boolean): boolean {
    if (this.#lengthLeft === undefined) return true;
    return isLast ? this.#lengthLeft === 0 : this.#lengthLeft >= 0;
  }

  /** `chunk[start, end)` came for it. */
  receive(chunk: Uint8Array, start: number, end: number): void {
    if (this.isOver) return;
    if (this.#lengthLeft !== undefined) this.#lengthLeft -= end - start;
    if (this.#consumer !== undefined && !this.#isPaused && this.#inbox === undefined) {
      this.#consumer.onBytes(chunk, start, end);
      this.consume(end - start);
      return;
    }
    const isMost = end - start >= chunk.length * KeptPart;
    const piece = chunk.subarray(start, end);
    (this.#inbox ??= []).push(isMost ? piece : new Uint8Array(piece));
  }

  /** The peer's END_STREAM came. */
  receiveEnd(): void {
    if (this.#receiving !== "open" || this.isOver) return;
    this.#receiving = "ended";
    if (this.#sending === "ended") this.#connection.forget(this);
    if (!this.#isDelivering) this.#deliver();
  }

  /** RST_STREAM came, or the stream broke a rule and is reset for it. */
  receiveReset(code: number): void {
    this.#cutOff({ type: "reset", code });
  }

  /** The connection is gone. */
  loseConnection(): void {
    this.#cutOff({ type: "connection-lost" });
  }

  /** The send window changes; returns `false` where that makes it larger than windows may be. */
  widen(bytes: number, maxBytes: number): boolean {
    this.#sendWindow += bytes;
    if (this.#sendWindow > maxBytes) return false;
    if (this.canSend) this.#connection.queue(this);
    return true;
  }

  /** Whether it has something that its own window lets go. */
  get canSend(): boolean {
    if (this.isOver || this.#sending === "ended") return false;
    return this.#outboxBytes > 0 ? this.#sendWindow > 0 : this.#sending === "ending";
  }

  /**
   * Writes its next DATA frame into `target` at `offset`, with as much of what waits as fits, at most `maxBytes`; returns how
   * many bytes of payload that was. Trailers go another way.
   */
  fill(target: Uint8Array, offset: number, maxBytes: number): number {
    const length = Math.min(this.#outboxBytes, this.#sendWindow, maxBytes);
    this.#take(target, offset + FrameHeaderBytes, length);
    const isLast = this.#outboxBytes === 0 && this.#sending === "ending" && this.#trailers === undefined;
    const flags = isLast ? Flag.EndStream : Flag.None;
    writeFrameHeader(target, offset, length, FrameType.Data, flags, this.id);
    this.#sendWindow -= length;
    if (isLast) this.#endSending();
    return length;
  }

  /** The trailers, once nothing else waits in front of them: then they are the end. */
  takeTrailers(): FieldLines | undefined {
    if (this.#sending !== "ending" || this.#outboxBytes > 0 || this.isOver) return undefined;
    return this.#trailers;
  }

  /** The trailers, and END_STREAM with them, are on their way. */
  trailersSent(): void {
    this.#endSending();
  }

  /** Tells who waits for room that there is some. */
  tellDrain(): void {
    if (!this.#isDrainOwed || this.#outboxBytes >= this.highWaterBytes || this.isOver) return;
    this.#isDrainOwed = false;
    if (this.#sending === "open") this.#consumer?.onDrain();
  }

  #push(piece: Piece): boolean {
    const length = piece.end - piece.start;
    if (length === 0) return !this.#isDrainOwed;
    (this.#outbox ??= []).push(piece);
    this.#outboxBytes += length;
    this.#connection.queue(this);
    if (this.#outboxBytes < this.highWaterBytes) return true;
    this.#isDrainOwed = true;
    return false;
  }

  #take(target: Uint8Array, offset: number, length: number): void {
    let position = offset;
    const stop = offset + length;
    const outbox = this.#outbox ?? [];
    let taken = 0;
    while (position < stop) {
      const piece = outbox[taken]!;
      const end = Math.min(piece.end, piece.start + stop - position);
      target.set(piece.bytes.subarray(piece.start, end), position);
      position += end - piece.start;
      piece.start = end;
      if (end < piece.end) break;
      taken++;
      piece.onTaken?.();
    }
    this.#outboxBytes -= length;
    if (this.#outboxBytes === 0) this.#outbox = undefined;
    else if (taken > 0) outbox.splice(0, taken);
  }

  #endSending(): void {
    this.#sending = "ended";
    if (this.#receiving !== "open") this.#connection.forget(this);
    this.onEndSent?.();
    this.#settle();
  }

  /** Hands over what waits, as far as the consumer wants it. */
  #deliver(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#isDelivering) return;
    this.#isDelivering = true;
    while (this.#inbox !== undefined && !this.#isPaused && !this.isOver) {
      const piece = this.#inbox.shift();
      if (piece === undefined) {
        this.#inbox = undefined;
        break;
      }
      consumer.onBytes(piece, 0, piece.length);
      this.consume(piece.length);
    }
    this.#isDelivering = false;
    if (this.#receiving === "ended" && this.#inbox === undefined && !this.#isPaused && !this.isOver) {
      this.#receiving = "told";
      consumer.onEnd();
    }
    this.#settle();
  }

  /** Ends it once all is said and read both ways. */
  #settle(): void {
    if (this.#receiving === "told" && this.#sending === "ended" && !this.isOver) this.#finish({ type: "ended" });
    if (this.isOver) this.#tellClose();
  }

  #cutOff(ending: StreamEnding): void {
    // What came before a reset that followed both ends is still good.
    if (this.isOver) return;
    this.#finish(ending);
    this.onGone?.();
    this.#tellClose();
  }

  #finish(ending: StreamEnding): void {
    this.#ending = ending;
    this.onOver?.();
    this.#inbox = undefined;
    this.#outbox = undefined;
    this.#outboxBytes = 0;
  }

  #tellClose(): void {
    if (this.#consumer === undefined || this.#isCloseTold || this.#ending === undefined) return;
    this.#isCloseTold = true;
    this.#consumer.onClose(this.#ending);
  }
}

/** The length said of the content, or `undefined` for none that is one: then the request is refused anyway. */
function contentLengthOf(fields: FieldLines): number | undefined {
  const text = singleFieldValue(fields, "content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
