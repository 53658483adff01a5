import { singleFieldValue } from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "../byte-stream.ts";
import { DefaultFrameBytes, Flag, FrameHeaderBytes, FrameType } from "./h2-codes.ts";
import { writeFrameHeader } from "./frame-writer.ts";
import type { HeaderBlock } from "./header-blocks.ts";
import { UsualPlace } from "./priority.ts";
import { ResetCodes, type StreamConnection, type StreamWindows } from "./stream-connection.ts";
import type { StreamReceiveWindow } from "./stream-receive-window.ts";
import { UnsentBytes } from "./unsent-bytes.ts";
import { WaitingBytes } from "./waiting-bytes.ts";

/** Who takes the answer on a stream that we have opened. */
export interface AnswerTaker {
  /** Whether the final head has not come: then no DATA may. */
  readonly isAwaited: boolean;
  /** The next header block came. Whoever finds that it may not be aborts the stream. */
  onBlock(block: HeaderBlock): void;
}

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
  /** Its place in the order of those that send; changed only through the connection. */
  place = UsualPlace;
  /** Where header blocks go while an answer is read; without it they are trailers. */
  answer: AnswerTaker | undefined;
  /** Told when the peer or the connection ends the stream, and nobody has begun to read it or will. */
  onGone: ((ending: StreamEnding) => void) | undefined;
  /** Told once END_STREAM is on its way. */
  onEndSent: (() => void) | undefined;
  /** Told once it is over, however that came. */
  onOver: (() => void) | undefined;
  readonly #connection: StreamConnection<H2Stream>;
  readonly #receiveWindow: StreamReceiveWindow;
  #sendWindow: number;
  /** What is missing of the content, where its length was said. */
  #lengthLeft: number | undefined;
  #inbox: WaitingBytes | undefined;
  #outbox: UnsentBytes | undefined;
  #receiving: "open" | "ended" | "told" = "open";
  #sending: "open" | "ending" | "ended" = "open";
  #trailers: FieldLines | undefined;
  #consumer: ByteConsumer | undefined;
  #isPaused = false;
  #isDelivering = false;
  #isDrainOwed = false;
  /** Known from the first moment on, told by `onClose`. */
  #ending: StreamEnding | undefined;

  /** @param fields - those it was opened with. */
  constructor(id: number, connection: StreamConnection<H2Stream>, windows: StreamWindows, fields: FieldLines) {
    this.id = id;
    this.isTunnel = singleFieldValue(fields, ":method") === "CONNECT";
    this.#lengthLeft = this.isTunnel ? undefined : contentLengthOf(fields);
    this.#connection = connection;
    this.#receiveWindow = windows.receive;
    this.#sendWindow = windows.send;
  }

  get bufferedBytes(): number {
    return this.#outbox?.bytes ?? 0;
  }

  get sendWindow(): number {
    return this.#sendWindow;
  }

  /** What came and waits to be read. */
  get unreadBytes(): number {
    return this.#inbox?.bytes ?? 0;
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
    const from = this.#outbox === undefined ? this.#sendNow(bytes, start, end) : start;
    if (from === end) return !this.#isDrainOwed;
    const outbox = (this.#outbox ??= new UnsentBytes());
    outbox.push(bytes, from, end, lifetime);
    return this.#queue(outbox);
  }

  /** Like `write`, of bytes that nobody changes; `onTaken` is called once they have left. */
  writePart(bytes: Uint8Array, onTaken: () => void): boolean {
    if (this.#sending !== "open" || this.isOver) return true;
    const outbox = (this.#outbox ??= new UnsentBytes());
    outbox.pushPart(bytes, onTaken);
    return this.#queue(outbox);
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
    if (this.#outbox !== undefined) this.#connection.tellUnsent(this);
    this.#finish({ type: "aborted", reason });
    this.#connection.reset(this, ResetCodes[reason]);
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
    return this.#receiveWindow.take(bytes);
  }

  /** The peer has heard that it may send `bytes` less. */
  narrow(bytes: number): void {
    const granted = this.#receiveWindow.withdraw(bytes);
    if (granted > 0) this.#connection.grant(this, granted);
  }

  /** Padding and what is dropped count as read. */
  consume(bytes: number): void {
    if (this.#receiving !== "open" || this.isOver) return;
    const granted = this.#receiveWindow.consume(bytes);
    if (granted > 0) this.#connection.grant(this, granted);
  }

  /** Whether all has come of the length that was said of it (§8.1.1). */
  get hasItsLength(): boolean {
    return (this.#lengthLeft ?? 0) === 0;
  }

  /** `chunk[start, end)` came for it; `false` if that is more than the length that was said: nobody gets to see it. */
  receive(chunk: Uint8Array, start: number, end: number): boolean {
    if (this.isOver) return true;
    if (this.#lengthLeft !== undefined && (this.#lengthLeft -= end - start) < 0) return false;
    if (this.#consumer !== undefined && !this.#isPaused && this.#inbox === undefined) {
      this.#consumer.onBytes(chunk, start, end);
      this.consume(end - start);
    } else {
      (this.#inbox ??= new WaitingBytes()).push(chunk, start, end);
      this.#connection.hold(end - start);
    }
    return true;
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
    return this.#outbox === undefined ? this.#sending === "ending" : this.#sendWindow > 0;
  }

  /**
   * Writes its next DATA frame into `target` at `offset`, with as much of what waits as fits, at most `maxBytes`; returns how
   * many bytes of payload that was. Trailers go another way.
   */
  fill(target: Uint8Array, offset: number, maxBytes: number): number {
    // SETTINGS may have made the window negative, and END_STREAM needs none.
    const length = Math.max(0, Math.min(this.bufferedBytes, this.#sendWindow, maxBytes));
    this.#outbox?.take(target, offset + FrameHeaderBytes, length);
    if (this.bufferedBytes === 0) this.#outbox = undefined;
    const isLast = this.#outbox === undefined && this.#sending === "ending" && this.#trailers === undefined;
    const flags = isLast ? Flag.EndStream : Flag.None;
    writeFrameHeader(target, offset, length, FrameType.Data, flags, this.id);
    this.#sendWindow -= length;
    if (this.#outbox !== undefined && this.#sendWindow <= 0) this.#connection.queue(this);
    if (isLast) this.#endSending();
    return length;
  }

  /** The trailers, once nothing else waits in front of them: then they are the end. */
  takeTrailers(): FieldLines | undefined {
    if (this.#sending !== "ending" || this.#outbox !== undefined || this.isOver) return undefined;
    return this.#trailers;
  }

  /** The trailers, and END_STREAM with them, are on their way. */
  trailersSent(): void {
    this.#endSending();
  }

  /** Tells who waits for room that there is some. */
  tellDrain(): void {
    if (!this.#isDrainOwed || this.bufferedBytes >= this.highWaterBytes || this.isOver) return;
    this.#isDrainOwed = false;
    if (this.#sending === "open") this.#consumer?.onDrain();
  }

  /** Sends of `bytes[start, end)` what need not wait; returns where the rest begins. */
  #sendNow(bytes: Uint8Array, start: number, end: number): number {
    let from = start;
    while (from < end && this.#sendWindow > 0) {
      const to = Math.min(end, from + DefaultFrameBytes, from + this.#sendWindow);
      if (!this.#connection.trySend(this, bytes, from, to)) break;
      this.#sendWindow -= to - from;
      from = to;
    }
    return from;
  }

  /** Returns whether there is room for more in `outbox`. */
  #queue(outbox: UnsentBytes): boolean {
    this.#connection.queue(this);
    if (outbox.bytes < this.highWaterBytes) return true;
    this.#isDrainOwed = true;
    return false;
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
      this.#connection.hold(-piece.length);
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
    const { onGone } = this;
    this.#finish(ending);
    onGone?.(ending);
    this.#tellClose();
  }

  #finish(ending: StreamEnding): void {
    this.#ending = ending;
    this.#connection.drop(this);
    const { unreadBytes } = this;
    this.#inbox = undefined;
    if (unreadBytes > 0) this.#connection.hold(-unreadBytes);
    this.#outbox?.drop();
    this.#outbox = undefined;
    this.onOver?.();
    // Whoever still holds the stream holds nobody else by it.
    this.onOver = undefined;
    this.answer = undefined;
    this.onGone = undefined;
    this.onEndSent = undefined;
  }

  #tellClose(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#ending === undefined) return;
    this.#consumer = undefined;
    consumer.onClose(this.#ending);
  }
}

/** The length said of the content, or `undefined` for none that is one: then the request is refused anyway. */
function contentLengthOf(fields: FieldLines): number | undefined {
  const text = singleFieldValue(fields, "content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
