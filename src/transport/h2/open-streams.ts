import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { headersFrames, numberFrame } from "./frame-writer.ts";
import { ErrorCode, FrameType, H2ConnectionError } from "./h2-codes.ts";
import type { H2Output } from "./h2-output.ts";
import type { H2Stream } from "./h2-stream.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { ResetStreams } from "./reset-streams.ts";
import type { FramesLimits } from "./settings.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { ConnectionUnread, UnreadBytes } from "./unread-bytes.ts";

/** What {@link OpenStreams} tells. */
export interface StreamsOwner {
  /** A stream was opened, or is over. */
  onStreams(): void;
  /** A stream was given up with something in it that no window has let go. */
  onStall(): void;
  /** RST_STREAM goes to the peer. */
  onReset(code: ErrorCode): void;
  /** The window of a stream is used up in which something waits. */
  onWindowShut(): void;
}

/** What the streams of a connection may have together. */
export interface StreamsLimits {
  /** How many may be open at once, and what may wait in them to be read: as much as the connection's window. */
  readonly http2: Pick<FramesLimits, "maxConcurrentStreams" | "connectionWindowBytes">;
  /** What may wait on all connections. */
  readonly unread: UnreadBytes;
}

/** The streams of a connection that are open on the wire, and what they send there. */
export class OpenStreams implements StreamConnection<H2Stream> {
  readonly #output: H2Output;
  readonly #owner: StreamsOwner;
  readonly #streams = new Map<number, H2Stream>();
  readonly #resets: ResetStreams;
  readonly #encoder = new HpackEncoder();
  readonly #unread: ConnectionUnread;
  /** Those in which something waits for their windows. */
  readonly #shut = new Set<H2Stream>();

  constructor(output: H2Output, { http2, unread }: StreamsLimits, owner: StreamsOwner) {
    this.#output = output;
    this.#resets = new ResetStreams(http2.maxConcurrentStreams);
    this.#owner = owner;
    this.#unread = unread.of(http2.connectionWindowBytes, () => this.#giveUpWorst());
  }

  get size(): number {
    return this.#streams.size;
  }

  get(streamId: number): H2Stream | undefined {
    return this.#streams.get(streamId);
  }

  values(): Iterable<H2Stream> {
    return this.#streams.values();
  }

  add(stream: H2Stream): void {
    this.#streams.set(stream.id, stream);
    this.#owner.onStreams();
  }

  /** All are gone with their connection. */
  loseAll(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.loseConnection();
  }

  /** The peer has reset `stream`. */
  onReset(stream: H2Stream, code: number): void {
    this.#streams.delete(stream.id);
    this.#resets.add(stream.id);
    stream.receiveReset(code);
    this.#owner.onStreams();
  }

  /** Resets `stream` for a rule that the peer has broken on it (RFC 9113 §5.4.2). */
  fail(stream: H2Stream, code: ErrorCode): void {
    this.#streams.delete(stream.id);
    this.refuse(stream.id, code);
    stream.receiveReset(code);
    this.#owner.onStreams();
  }

  /** Resets a stream that was never open here. */
  refuse(streamId: number, code: ErrorCode): void {
    this.#resets.add(streamId);
    this.#owner.onReset(code);
    this.#output.send(numberFrame(FrameType.RstStream, streamId, code));
  }

  /** Takes no notice of a stream, and of what comes on it. */
  ignore(streamId: number): void {
    this.#resets.add(streamId);
  }

  /**
   * DATA or a header block came on a stream that is over: on its way when that was reset, or wrong (§5.1).
   *
   * @throws H2ConnectionError
   */
  checkLate(streamId: number): void {
    if (this.#resets.has(streamId)) return;
    throw new H2ConnectionError(ErrorCode.StreamClosed, "a frame on a stream that is over");
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE has changed. */
  limitTable(maxBytes: number): void {
    this.#encoder.limitTable(maxBytes);
  }

  trySend(stream: H2Stream, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#output.tryData(stream.id, bytes, start, end);
  }

  queue(stream: H2Stream): void {
    if (stream.canSend) {
      this.#shut.delete(stream);
    } else if (stream.bufferedBytes > 0 && !this.#shut.has(stream)) {
      this.#shut.add(stream);
      this.#owner.onWindowShut();
    }
    this.#output.queue(stream);
  }

  /** From now on `stream` has its turns at `place`. */
  place(stream: H2Stream, place: number): void {
    this.#output.place(stream, place);
  }

  drop(stream: H2Stream): void {
    this.#shut.delete(stream);
    this.#output.drop(stream);
  }

  sendHeaders(stream: H2Stream, fields: FieldLines, isLast: boolean): void {
    this.#output.send(headersFrames(stream.id, this.#encoder.encode(fields), isLast));
  }

  /** Sends the trailers of `stream`, in front of which nothing waits any more. */
  sendTrailers(stream: H2Stream): void {
    const trailers = stream.takeTrailers();
    if (trailers === undefined) return;
    this.sendHeaders(stream, trailers, true);
    stream.trailersSent();
  }

  tellUnsent(stream: H2Stream): void {
    if (!stream.canSend || this.#output.isWindowShut) this.#owner.onStall();
  }

  reset(stream: H2Stream, code: ErrorCode): void {
    if (!this.#streams.delete(stream.id)) return;
    this.refuse(stream.id, code);
    this.#owner.onStreams();
  }

  hold(bytes: number): void {
    this.#unread.change(bytes);
  }

  grant(stream: H2Stream, bytes: number): void {
    this.#output.send(numberFrame(FrameType.WindowUpdate, stream.id, bytes));
  }

  forget(stream: H2Stream): void {
    if (this.#streams.delete(stream.id)) this.#owner.onStreams();
  }

  /** Resets the stream in which most waits to be read. */
  #giveUpWorst(): boolean {
    let worst: H2Stream | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.unreadBytes > (worst?.unreadBytes ?? 0)) worst = stream;
    }
    if (worst === undefined) return false;
    this.fail(worst, ErrorCode.EnhanceYourCalm);
    return true;
  }
}
