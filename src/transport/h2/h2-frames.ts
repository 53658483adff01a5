import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { brokenFieldRule, brokenTrailerRule } from "./field-rules.ts";
import type { FrameConsumer } from "./frame-reader.ts";
import { frame, numberFrame } from "./frame-writer.ts";
import { ErrorCode, Flag, FrameType, H2ConnectionError, MaxWindowBytes } from "./h2-codes.ts";
import { brokenFrameRule } from "./frame-rules.ts";
import type { FramesOwner, H2FramesOptions } from "./h2-frames-options.ts";
import type { H2Output } from "./h2-output.ts";
import { H2Stream } from "./h2-stream.ts";
import { HeaderBlocks, isDependency, readUint31, readUint32, type HeaderBlock } from "./header-blocks.ts";
import { OpenStreams } from "./open-streams.ts";
import { PeerBudgets } from "./peer-budgets.ts";
import { Priorities } from "./priorities.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { PeerSettings } from "./settings.ts";
import type { StreamWindows } from "./stream-connection.ts";

/**
 * The frames of one connection, as its server or its client: what each of them does to the connection and its streams
 * (RFC 9113 §5, §6).
 *
 * Methods that the reader calls throw {@link H2ConnectionError} for what ends the connection; a stream error costs its stream.
 */
export class H2Frames implements FrameConsumer {
  readonly #options: H2FramesOptions;
  readonly #owner: FramesOwner;
  readonly #output: H2Output;
  readonly #blocks: HeaderBlocks;
  readonly #settings: PeerSettings;
  readonly #streams: OpenStreams;
  readonly #budgets: PeerBudgets;
  readonly #priorities: Priorities;
  readonly #receiveWindow: ReceiveWindow;
  readonly #receiveWindows: ReceiveWindows;
  #hasSettings = false;
  /** Whether nothing of what comes is looked at any more. */
  #isOver = false;
  #lastStreamId = 0;
  /** Streams with a higher id are not taken any more: GOAWAY has said so. */
  #maxStreamId = 2 ** 31 - 1;
  #begunFrames = 0;
  /** The DATA frame under way: its stream, flags, octets that have not come as data, and those that have. */
  #dataStream: H2Stream | undefined;
  #dataFlags = 0;
  #dataRest = 0;
  #dataBytes = 0;

  constructor(options: H2FramesOptions, owner: FramesOwner) {
    const { http2, headers, nowMs } = options;
    this.#options = options;
    const peer = options.requests === undefined ? "server" : "client";
    this.#settings = new PeerSettings(peer);
    this.#owner = owner;
    this.#output = options.output;
    this.#blocks = new HeaderBlocks(headers);
    this.#budgets = new PeerBudgets(http2, options.output, nowMs, peer);
    this.#streams = new OpenStreams(options.output, options, {
      onStreams: () => owner.onStreams(),
      onStall: () => this.#budgets.noteStall(),
      onReset: (code) => options.observer?.reset("sent", code),
      onWindowShut: () => options.observer?.stalled(),
    });
    this.#priorities = new Priorities(this.#streams, http2.maxConcurrentStreams);
    this.#receiveWindow = new ReceiveWindow(http2.connectionWindowBytes);
    this.#receiveWindows = new ReceiveWindows({
      maxBytes: http2.streamWindowBytes,
      roundTrips: options.output.roundTrips,
      nowMs,
    });
  }

  /** Streams that are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** The highest stream that was taken: it never grows behind a GOAWAY (§6.8). */
  get lastStreamId(): number {
    return Math.min(this.#lastStreamId, this.#maxStreamId);
  }

  /** Whether a header block has begun and not ended. */
  get isWithinBlock(): boolean {
    return this.#blocks.openStreamId !== undefined;
  }

  /** Frames that have begun, a header block counting as one. */
  get begunFrames(): number {
    return this.#begunFrames;
  }

  /** What the peer has said of itself so far. */
  get peerSettings(): Readonly<PeerSettings> {
    return this.#settings;
  }

  /** Whether the peer has acknowledged our SETTINGS. */
  get isAcknowledged(): boolean {
    return this.#receiveWindows.isAcknowledged;
  }

  /** Sends what both sides begin with. */
  begin(): void {
    this.#output.send(frame(FrameType.Settings, Flag.None, 0, this.#options.settings));
    this.#receiveWindows.begin();
    this.#grantConnection(this.#receiveWindow.firstGrant);
  }

  /** Opens the next stream as a client, with `fields`, of which there must be one left. */
  open(fields: FieldLines): H2Stream {
    this.#lastStreamId += this.#lastStreamId === 0 ? 1 : 2;
    const stream = new H2Stream(this.#lastStreamId, this.#streams, this.#firstWindows, fields);
    this.#streams.add(stream);
    stream.sendHeaders(fields, false);
    return stream;
  }

  /** The server looks at no stream above `lastStreamId`: for those that is a refusal (§6.8, §8.7). */
  refuseAbove(lastStreamId: number): void {
    const unseen = [...this.#streams.values()].filter(({ id }) => id > lastStreamId);
    for (const stream of unseen) this.#streams.onReset(stream, ErrorCode.RefusedStream);
  }

  /** No stream above those there are is taken any more. */
  takeNoMore(): void {
    this.#maxStreamId = this.#lastStreamId;
  }

  /** The connection is gone. What the read under way still has behind that is not looked at. */
  loseAll(): void {
    this.#isOver = true;
    this.#streams.loseAll();
  }

  /** Sends the trailers of `stream`, in front of which nothing waits any more. */
  sendTrailers(stream: H2Stream): void {
    this.#streams.sendTrailers(stream);
  }

  onData(flags: number, streamId: number, length: number): boolean {
    this.#check(FrameType.Data, flags, streamId, length);
    this.#grantConnection(this.#receiveWindow.take(length));
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#streams.checkLate(streamId);
      return false;
    }
    const broken = brokenDataRule(stream, length);
    if (broken !== undefined) {
      this.#fail(stream, broken);
      return false;
    }
    this.#dataStream = stream;
    this.#dataFlags = flags;
    this.#dataRest = length;
    this.#dataBytes = 0;
    return true;
  }

  onDataBytes(bytes: Uint8Array, start: number, end: number): void {
    const stream = this.#dataStream!;
    this.#dataRest -= end - start;
    this.#dataBytes += end - start;
    if (!stream.receive(bytes, start, end)) this.#fail(stream, ErrorCode.ProtocolError);
  }

  onDataEnd(): void {
    const stream = this.#dataStream!;
    this.#dataStream = undefined;
    const isLast = (this.#dataFlags & Flag.EndStream) !== 0;
    // Padding alone is of no more use than nothing.
    if (!isLast) this.#budgets.countData(this.#dataBytes);
    if (stream.isOver) return;
    if (this.#dataRest > 0) stream.consume(this.#dataRest);
    if (!isLast) return;
    if (stream.hasItsLength) stream.receiveEnd();
    else this.#fail(stream, ErrorCode.ProtocolError);
  }

  onFrameHeader(type: number, flags: number, streamId: number, length: number): boolean {
    this.#check(type, flags, streamId, length);
    if (type === FrameType.WindowUpdate) this.#budgets.countUpdate();
    else if (type !== FrameType.Headers) this.#budgets.countUseless(type);
    return type <= FrameType.Continuation || type === FrameType.PriorityUpdate;
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
      case FrameType.PriorityUpdate:
        return this.#priorities.update(payload, this.#lastStreamId);
      case FrameType.GoAway:
        return this.#owner.onGoAway(readUint32(payload, 4), readUint31(payload, 0));
      default:
        return this.#onWindowUpdate(streamId, readUint31(payload, 0));
    }
  }

  #check(type: number, flags: number, streamId: number, length: number): void {
    if (this.#isOver) throw new H2ConnectionError(ErrorCode.NoError, "a frame behind the end");
    if (!this.#hasSettings && (type !== FrameType.Settings || (flags & Flag.Ack) !== 0)) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "a frame before SETTINGS");
    }
    const block = this.#blocks.openStreamId;
    if (block !== undefined && (type !== FrameType.Continuation || streamId !== block)) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "a frame within a header block");
    }
    const opener = this.#options.requests === undefined ? "us" : "peer";
    const broken = brokenFrameRule({ type, flags, streamId, length }, this.#lastStreamId, block !== undefined, opener);
    if (broken !== undefined) throw new H2ConnectionError(broken, `a frame of type ${type} that may not be`);
    this.#budgets.checkAnswers();
    if (block === undefined) this.#begunFrames++;
  }

  #grantConnection(bytes: number): void {
    if (bytes > 0) this.#output.send(numberFrame(FrameType.WindowUpdate, 0, bytes));
  }

  #onBlock(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const { streamId } = block;
    if (streamId > this.#lastStreamId) return this.#open(block);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#streams.checkLate(streamId);
    if (stream.hasPeerEnded) return this.#fail(stream, ErrorCode.StreamClosed);
    if (stream.answer !== undefined) {
      stream.answer.onBlock(block);
      if (block.endStream) stream.receiveEnd();
      return;
    }
    const isGood = block.endStream && !stream.isTunnel && !block.dependsOnItself && !block.isCut;
    const isSound = isGood && brokenTrailerRule(block.fields) === undefined;
    if (isSound && stream.hasItsLength) stream.receiveEnd();
    else this.#fail(stream, ErrorCode.ProtocolError);
  }

  #open(block: HeaderBlock): void {
    const { streamId, fields } = block;
    const { http2, requests } = this.#options;
    this.#lastStreamId = streamId;
    if (streamId > this.#maxStreamId) {
      this.#budgets.countUseless(FrameType.Headers);
      return this.#streams.ignore(streamId);
    }
    this.#budgets.checkStalls();
    if (this.#streams.size >= http2.maxConcurrentStreams) {
      this.#budgets.countReset("stream-limit");
      return this.#streams.refuse(streamId, ErrorCode.RefusedStream);
    }
    if (block.dependsOnItself || (!block.isCut && brokenFieldRule(fields) !== undefined)) {
      this.#budgets.countReset("made-you-reset");
      requests?.tellMalformed();
      return this.#streams.refuse(streamId, ErrorCode.ProtocolError);
    }
    if (block.isCut) this.#budgets.countReset("header-bytes");
    const stream = new H2Stream(streamId, this.#streams, this.#firstWindows, fields);
    this.#priorities.begin(stream, fields);
    this.#streams.add(stream);
    if (block.endStream && !stream.hasItsLength) return this.#fail(stream, ErrorCode.ProtocolError);
    if (block.endStream) stream.receiveEnd();
    requests?.take(stream, block);
  }

  get #firstWindows(): StreamWindows {
    return { receive: this.#receiveWindows.create(), send: this.#settings.initialWindowBytes };
  }

  /** A stream error (§5.4.2). */
  #fail(stream: H2Stream, code: ErrorCode): void {
    this.#streams.fail(stream, code);
    this.#budgets.countReset("made-you-reset");
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
    this.#options.observer?.reset("received", code);
    this.#streams.onReset(stream, code);
    this.#budgets.countReset("rapid-reset");
  }

  #onSettings(flags: number, payload: Uint8Array): void {
    if (flags & Flag.Ack) return this.#onAcknowledged();
    const before = this.#settings.initialWindowBytes;
    this.#settings.apply(payload);
    const more = this.#settings.initialWindowBytes - before;
    for (const stream of more === 0 ? [] : this.#streams.values()) {
      if (!stream.widen(more, MaxWindowBytes))
        throw new H2ConnectionError(ErrorCode.FlowControlError, "window overflow");
    }
    this.#streams.limitTable(this.#settings.headerTableBytes);
    this.#output.send(frame(FrameType.Settings, Flag.Ack, 0, new Uint8Array(0)));
    const isFirst = !this.#hasSettings;
    this.#hasSettings = true;
    this.#owner.onSettings(isFirst);
  }

  /** The peer has taken over our windows, also for the streams there are (§6.9.2). */
  #onAcknowledged(): void {
    const less = this.#receiveWindows.acknowledge();
    for (const stream of less === 0 ? [] : this.#streams.values()) stream.narrow(less);
  }

  #onPing(flags: number, payload: Uint8Array): void {
    const isAnswer = (flags & Flag.Ack) !== 0;
    if (isAnswer && !this.#output.takePong(payload)) this.#owner.onPong();
    if (!isAnswer) this.#output.send(frame(FrameType.Ping, Flag.Ack, 0, payload));
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
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
  if (stream.answer?.isAwaited === true) return ErrorCode.ProtocolError;
  return stream.takeFromWindow(length) ? undefined : ErrorCode.FlowControlError;
}
