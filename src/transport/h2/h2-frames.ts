import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { H2Options } from "../h2-acceptor.ts";
import type { HeaderLimits } from "../transport-limits.ts";
import { Budget } from "./budget.ts";
import { brokenFieldRule, brokenTrailerRule } from "./field-rules.ts";
import type { FrameConsumer } from "./frame-reader.ts";
import { frame, headersFrames, numberFrame } from "./frame-writer.ts";
import {
  DefaultWindowBytes,
  ErrorCode,
  Flag,
  FrameType,
  H2ConnectionError,
  MaxWindowBytes,
  Setting,
} from "./h2-codes.ts";
import { brokenFrameRule } from "./frame-rules.ts";
import type { H2Output } from "./h2-output.ts";
import type { H2Requests } from "./h2-requests.ts";
import { H2Stream, type StreamConnection } from "./h2-stream.ts";
import { HeaderBlocks, isDependency, readUint31, readUint32, type HeaderBlock } from "./header-blocks.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { PeerSettings, settingsPayload } from "./settings.ts";

/** Frames that are of no use to anybody, at once and per second: a browser in a hurry sends a tenth of it. */
const UselessFrames = { burst: 4_096, perSecond: 1_024 } as const;
/** A window update for so many bytes sent is of use. */
const BytesPerUpdate = 512;
/** How many streams that were reset here are remembered, so that what was on its way to them is no fault. */
const RememberedResets = 512;
/** Control frames that may wait: who makes more of them wait does not read. */
const MaxControlBytes = 4 * 1_024 * 1_024;

/** What {@link H2Frames} tells its connection. */
export interface FramesOwner {
  /** The client's first SETTINGS came. */
  onSettings(): void;
  /** A stream was opened, or is over. */
  onStreams(): void;
  /** The client leaves, with an error or without. */
  onGoAway(code: number): void;
  onPong(): void;
}

/** What {@link H2Frames} is made of. */
export interface H2FramesOptions {
  readonly http2: H2Options;
  readonly headers: HeaderLimits;
  readonly output: H2Output;
  readonly requests: H2Requests;
  readonly nowMs: () => number;
}

/**
 * The frames of one connection, as its server: what each of them does to the connection and its streams (RFC 9113 §5, §6).
 * Methods that the reader calls throw {@link H2ConnectionError} for what ends the connection; a stream error costs its stream.
 */
export class H2Frames implements FrameConsumer, StreamConnection {
  readonly #options: H2FramesOptions;
  readonly #owner: FramesOwner;
  readonly #output: H2Output;
  readonly #blocks: HeaderBlocks;
  readonly #encoder = new HpackEncoder();
  readonly #settings = new PeerSettings();
  readonly #streams = new Map<number, H2Stream>();
  readonly #resets = new Set<number>();
  readonly #resetBudget: Budget;
  readonly #uselessBudget: Budget;
  #hasSettings = false;
  #lastStreamId = 0;
  /** Streams with a higher id are not taken any more: GOAWAY has said so. */
  #maxStreamId = 2 ** 31 - 1;
  #receiveWindow: number;
  #consumedBytes = 0;
  #sentBytesSeen = 0;
  /** The DATA frame under way: its stream, flags, and octets that have not come as data. */
  #dataStream: H2Stream | undefined;
  #dataFlags = 0;
  #dataRest = 0;

  constructor(options: H2FramesOptions, owner: FramesOwner) {
    const { http2, headers, nowMs } = options;
    this.#options = options;
    this.#owner = owner;
    this.#output = options.output;
    this.#blocks = new HeaderBlocks(headers);
    this.#resetBudget = new Budget({ burst: http2.resetBurst, perSecond: http2.resetsPerSecond }, nowMs);
    this.#uselessBudget = new Budget(UselessFrames, nowMs);
    this.#receiveWindow = http2.connectionWindowBytes;
  }

  /** Streams that are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** The highest stream the client has opened. */
  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  /** Whether a header block has begun and not ended. */
  get isWithinBlock(): boolean {
    return this.#blocks.openStreamId !== undefined;
  }

  /** Sends what a server begins with. */
  begin(): void {
    const { http2, headers } = this.#options;
    const settings = settingsPayload([
      [Setting.MaxConcurrentStreams, http2.maxConcurrentStreams],
      [Setting.InitialWindowSize, http2.streamWindowBytes],
      [Setting.MaxHeaderListSize, headers.maxHeaderBytes],
      [Setting.EnableConnectProtocol, 1],
    ]);
    this.#output.send(frame(FrameType.Settings, Flag.None, 0, settings));
    const more = http2.connectionWindowBytes - DefaultWindowBytes;
    if (more > 0) this.#output.send(numberFrame(FrameType.WindowUpdate, 0, more));
  }

  /** No stream above those there are is taken any more. */
  takeNoMore(): void {
    this.#maxStreamId = this.#lastStreamId;
  }

  /** The connection is gone. What the read under way still has behind that opens nothing. */
  loseAll(): void {
    this.takeNoMore();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.loseConnection();
  }

  onData(flags: number, streamId: number, length: number): boolean {
    this.#check(FrameType.Data, flags, streamId, length);
    this.#takeFromWindow(length);
    if (length === 0 && (flags & Flag.EndStream) === 0) this.#countUseless();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#onClosed(streamId);
    const broken = brokenDataRule(stream, length);
    if (broken !== undefined) {
      this.#fail(stream, broken);
      return false;
    }
    this.#dataStream = stream;
    this.#dataFlags = flags;
    this.#dataRest = length;
    return true;
  }

  onDataBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#dataRest -= end - start;
    this.#dataStream?.receive(bytes, start, end);
  }

  onDataEnd(): void {
    const stream = this.#dataStream!;
    this.#dataStream = undefined;
    const isLast = (this.#dataFlags & Flag.EndStream) !== 0;
    if (stream.isOver) return;
    if (this.#dataRest > 0) stream.consume(this.#dataRest);
    if (!stream.keepsLength(isLast)) this.#fail(stream, ErrorCode.ProtocolError);
    else if (isLast) stream.receiveEnd();
  }

  onFrameHeader(type: number, flags: number, streamId: number, length: number): boolean {
    this.#check(type, flags, streamId, length);
    if (type !== FrameType.Headers) this.#countUseless();
    return type <= FrameType.Continuation;
  }

  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    switch (type) {
      case FrameType.Headers:
        return this.#onBlock(this.#blocks.begin(flags, streamId, payload));
      case FrameType.Continuation:
        return this.#onBlock(this.#blocks.continue(flags, payload));
      case FrameType.Priority:
        return this.#onPriority(streamId, payload);
      case FrameType.RstStream:
        return this.#onReset(streamId, readUint32(payload, 0));
      case FrameType.Settings:
        return this.#onSettings(flags, payload);
      case FrameType.Ping:
        return this.#onPing(flags, payload);
      case FrameType.GoAway:
        return this.#owner.onGoAway(readUint32(payload, 4));
      default:
        return this.#onWindowUpdate(streamId, readUint31(payload, 0));
    }
  }

  queue(stream: H2Stream): void {
    this.#output.queue(stream);
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

  reset(stream: H2Stream, code: ErrorCode): void {
    if (!this.#streams.delete(stream.id)) return;
    this.#sendReset(stream.id, code);
    this.#owner.onStreams();
  }

  grant(stream: H2Stream, bytes: number): void {
    this.#output.send(numberFrame(FrameType.WindowUpdate, stream.id, bytes));
  }

  forget(stream: H2Stream): void {
    if (this.#streams.delete(stream.id)) this.#owner.onStreams();
  }

  #check(type: number, flags: number, streamId: number, length: number): void {
    if (!this.#hasSettings && (type !== FrameType.Settings || (flags & Flag.Ack) !== 0)) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "a frame before SETTINGS");
    }
    const block = this.#blocks.openStreamId;
    if (block !== undefined && (type !== FrameType.Continuation || streamId !== block)) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "a frame within a header block");
    }
    const broken = brokenFrameRule({ type, flags, streamId, length }, this.#lastStreamId, block !== undefined);
    if (broken !== undefined) throw new H2ConnectionError(broken, `a frame of type ${type} that may not be`);
    if (this.#output.controlBytes > MaxControlBytes) {
      throw new H2ConnectionError(ErrorCode.EnhanceYourCalm, "answers that are not read");
    }
  }

  #countUseless(): void {
    if (!this.#uselessBudget.take()) throw new H2ConnectionError(ErrorCode.EnhanceYourCalm, "too many idle frames");
  }

  #countReset(): void {
    if (!this.#resetBudget.take()) throw new H2ConnectionError(ErrorCode.EnhanceYourCalm, "too many resets");
  }

  /** The connection's window is given back on receipt: what streams hold unread is bounded by their own. */
  #takeFromWindow(bytes: number): void {
    this.#receiveWindow -= bytes;
    if (this.#receiveWindow < 0) throw new H2ConnectionError(ErrorCode.FlowControlError, "more than the window");
    this.#consumedBytes += bytes;
    if (this.#consumedBytes * 2 < this.#options.http2.connectionWindowBytes) return;
    this.#output.send(numberFrame(FrameType.WindowUpdate, 0, this.#consumedBytes));
    this.#receiveWindow += this.#consumedBytes;
    this.#consumedBytes = 0;
  }

  /** DATA or a header block on a stream that is over: on its way when it was reset, or wrong (§5.1). */
  #onClosed(streamId: number): false {
    if (this.#resets.has(streamId)) return false;
    throw new H2ConnectionError(ErrorCode.StreamClosed, "a frame on a stream that is over");
  }

  #onBlock(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const { streamId } = block;
    if (streamId > this.#lastStreamId) return this.#open(block);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return void this.#onClosed(streamId);
    if (stream.hasPeerEnded) return this.#fail(stream, ErrorCode.StreamClosed);
    const isGood = block.endStream && !stream.isTunnel && !block.dependsOnItself;
    const isSound = isGood && block.fields !== undefined && brokenTrailerRule(block.fields) === undefined;
    if (isSound && stream.keepsLength(true)) stream.receiveEnd();
    else this.#fail(stream, ErrorCode.ProtocolError);
  }

  #open({ streamId, fields, endStream, dependsOnItself }: HeaderBlock): void {
    const { http2, requests } = this.#options;
    this.#lastStreamId = streamId;
    if (streamId > this.#maxStreamId) return this.#remember(streamId);
    if (this.#streams.size >= http2.maxConcurrentStreams) {
      this.#countReset();
      return this.#sendReset(streamId, ErrorCode.RefusedStream);
    }
    if (dependsOnItself || (fields !== undefined && brokenFieldRule(fields) !== undefined)) {
      this.#countReset();
      requests.tellMalformed();
      return this.#sendReset(streamId, ErrorCode.ProtocolError);
    }
    const windows = { receive: http2.streamWindowBytes, send: this.#settings.initialWindowBytes };
    const stream = new H2Stream(streamId, this, windows, fields ?? []);
    this.#streams.set(streamId, stream);
    this.#owner.onStreams();
    if (!endStream) return requests.take(stream, fields, true);
    if (!stream.keepsLength(true)) return this.#fail(stream, ErrorCode.ProtocolError);
    stream.receiveEnd();
    requests.take(stream, fields, false);
  }

  /** A stream error (§5.4.2). What the client makes us reset counts like what it resets itself. */
  #fail(stream: H2Stream, code: ErrorCode): void {
    this.#streams.delete(stream.id);
    this.#sendReset(stream.id, code);
    stream.receiveReset(code);
    this.#owner.onStreams();
    this.#countReset();
  }

  #sendReset(streamId: number, code: ErrorCode): void {
    this.#remember(streamId);
    this.#output.send(numberFrame(FrameType.RstStream, streamId, code));
  }

  #remember(streamId: number): void {
    this.#resets.add(streamId);
    if (this.#resets.size <= RememberedResets) return;
    for (const oldest of this.#resets) {
      this.#resets.delete(oldest);
      return;
    }
  }

  #onPriority(streamId: number, payload: Uint8Array): void {
    const isBroken = payload.length !== 5 || isDependency(payload, 0, streamId);
    const stream = this.#streams.get(streamId);
    if (!isBroken || stream === undefined) return;
    this.#fail(stream, payload.length === 5 ? ErrorCode.ProtocolError : ErrorCode.FrameSizeError);
  }

  #onReset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    // What was on its way is no fault.
    this.#remember(streamId);
    stream.receiveReset(code);
    this.#owner.onStreams();
    this.#countReset();
  }

  #onSettings(flags: number, payload: Uint8Array): void {
    if (flags & Flag.Ack) return;
    const before = this.#settings.initialWindowBytes;
    this.#settings.apply(payload);
    const more = this.#settings.initialWindowBytes - before;
    for (const stream of more === 0 ? [] : this.#streams.values()) {
      if (!stream.widen(more, MaxWindowBytes))
        throw new H2ConnectionError(ErrorCode.FlowControlError, "window overflow");
    }
    this.#encoder.limitTable(this.#settings.headerTableBytes);
    this.#output.send(frame(FrameType.Settings, Flag.Ack, 0, new Uint8Array(0)));
    if (this.#hasSettings) return;
    this.#hasSettings = true;
    this.#owner.onSettings();
  }

  #onPing(flags: number, payload: Uint8Array): void {
    if (flags & Flag.Ack) this.#owner.onPong();
    else this.#output.send(frame(FrameType.Ping, Flag.Ack, 0, payload));
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    this.#uselessBudget.earn((this.#output.dataBytes - this.#sentBytesSeen) / BytesPerUpdate);
    this.#sentBytesSeen = this.#output.dataBytes;
    if (streamId === 0) {
      if (bytes === 0) throw new H2ConnectionError(ErrorCode.ProtocolError, "a window update of 0");
      if (!this.#output.widen(bytes)) throw new H2ConnectionError(ErrorCode.FlowControlError, "window overflow");
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (bytes === 0) this.#fail(stream, ErrorCode.ProtocolError);
    else if (!stream.widen(bytes, MaxWindowBytes)) this.#fail(stream, ErrorCode.FlowControlError);
  }
}

/** The error of a stream on which DATA of `length` comes, or `undefined` if it may. */
function brokenDataRule(stream: H2Stream, length: number): ErrorCode | undefined {
  if (stream.hasPeerEnded) return ErrorCode.StreamClosed;
  return stream.takeFromWindow(length) ? undefined : ErrorCode.FlowControlError;
}
