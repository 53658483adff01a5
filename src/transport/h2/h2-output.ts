import type { Socket } from "node:net";
import { copyInto } from "../copy-bytes.ts";
import { ControlFrames } from "./control-frames.ts";
import { frame, writeFrameHeader } from "./frame-writer.ts";
import {
  DefaultFrameBytes,
  DefaultWindowBytes,
  Flag,
  FrameHeaderBytes,
  FrameType,
  MaxWindowBytes,
} from "./h2-codes.ts";
import type { H2Stream } from "./h2-stream.ts";
import { OutputBufferBytes, type OutputBuffers } from "./output-buffers.ts";
import { RoundTrips } from "./round-trips.ts";
import { SendOrder, type SendLevel } from "./send-order.ts";
import { WriteBudget } from "./write-budget.ts";

/** A DATA frame with less room than this waits for the next write, unless it would be no longer. */
const LittleRoomBytes = 1_024;

/** So much of a stream may pass others that wait for what is on its way, and so much may pass in all. */
const SmallBytes = 4_096;
const SpareBytes = 65_536;

/** A PING. */
const PingFrameBytes = FrameHeaderBytes + 8;

/** What the most urgent streams leave to the others in each write, and those half as much to the others behind them. */
const LessUrgentBytes = 16_384;

/** How much is framed while a write is under way: nothing can overtake it any more. */
const AheadBytes = 8_192;

/** What an {@link H2Output} asks of its connection. */
export interface OutputOwner {
  /** Sends the trailers of `stream`, in front of which nothing waits any more. */
  sendTrailers(stream: H2Stream): void;
  /** All that was to be said has left. */
  onEmpty(): void;
  /** The connection's window is used up, and a stream waits that its own would let go. */
  onWindowShut?(): void;
}

/**
 * The way out of a connection: whose frame leaves next. What comes together in one turn of the event loop leaves in one write;
 * control frames and header blocks first, in their order, then the most urgent streams in turn, a frame each. The next write waits until
 * the system has taken the last one, and until what is on its way to the peer is little more than the path holds: so little
 * lies where nothing can overtake it.
 */
export class H2Output {
  readonly roundTrips: RoundTrips;
  readonly #socket: Socket;
  readonly #buffers: OutputBuffers;
  readonly #owner: OutputOwner;
  readonly #control = new ControlFrames();
  /** Streams that have something to send. */
  readonly #order = new SendOrder();
  #windowBytes = DefaultWindowBytes;
  /** Whether its owner has been told that the window is shut, since it was open last. */
  #isShutTold = false;
  #dataBytes = 0;
  #dataFrames = 0;
  #isScheduled = false;
  /** What is put together for the next write, filled up to `#end`. */
  #next: Buffer | undefined;
  #end = 0;
  #work: "none" | "filling" | "writing" = "none";
  /** The buffer that is being written. */
  #held: Buffer | undefined;
  #isClosed = false;
  readonly #budget: WriteBudget;
  /** Up to how many bytes of DATA in all may be written: what is on its way to the peer is bounded. */
  #endBytes: number;
  /** Whether somebody has waited for that since all had left, and how long yet. */
  #isHeldBack = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(socket: Socket, buffers: OutputBuffers, owner: OutputOwner) {
    this.#socket = socket;
    this.#buffers = buffers;
    this.#owner = owner;
    const nowMs = (): number => performance.now();
    this.roundTrips = new RoundTrips(nowMs);
    this.#budget = new WriteBudget(this.roundTrips, nowMs);
    this.#endBytes = this.#budget.endBytes;
    socket.once("close", () => clearTimeout(this.#patience));
  }

  /** Bytes of control frames that wait: a peer that asks and does not read makes them grow. */
  get controlBytes(): number {
    return this.#control.bytes;
  }

  /** Bytes of DATA that have left in all. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** DATA frames that have left in all. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  /** Whether the peer lets no DATA come, of whatever stream. */
  get isWindowShut(): boolean {
    return this.#windowBytes <= 0;
  }

  /** Whether all that was given to it has left. */
  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#order.size === 0 && this.#end === 0 && this.#work === "none";
  }

  /** Queues a frame that is no DATA. */
  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#control.push(frame);
    this.#schedule();
  }

  /**
   * Frames `bytes[start, end)` as DATA of a stream that may send them, for the write at the end of this turn; returns `false`
   * where others are before it, or the connection's window or the room is too small. Nobody then has it to wait for.
   */
  tryData(streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#control.length + this.#order.size > 0 || length > this.#windowBytes) return false;
    // These would miss the write that is being filled, and an end or a reset behind them would not.
    if (this.#work === "filling" || this.#isClosed) return false;
    const position = this.#end + FrameHeaderBytes;
    const room = this.#work === "none" ? OutputBufferBytes : AheadBytes;
    if (length > DefaultFrameBytes || position + length > room) return false;
    if (this.#dataBytes + length > this.#endBytes && this.#allowedBytes(length) < length) return false;
    const target = this.#roomFor(position + length);
    writeFrameHeader(target, this.#end, length, FrameType.Data, Flag.None, streamId);
    copyInto(target, position, bytes, start, end);
    this.#end = position + length;
    this.#countData(length);
    this.#schedule();
    return true;
  }

  /** Gives `stream` its place in the round. */
  queue(stream: H2Stream): void {
    if (!stream.canSend || this.#isClosed) return;
    this.#order.add(stream);
    this.#schedule();
  }

  /** From now on `stream` has its turns at `place`. */
  place(stream: H2Stream, place: number): void {
    const waits = this.#order.delete(stream);
    stream.place = place;
    if (waits) this.#order.add(stream);
  }

  /** Takes its place away from `stream`, which is over. */
  drop(stream: H2Stream): void {
    this.#order.delete(stream);
  }

  /** The peer lets us send `bytes` more; returns `false` where that makes the window larger than windows may be. */
  widen(bytes: number): boolean {
    this.#windowBytes += bytes;
    if (this.#windowBytes > 0) this.#isShutTold = false;
    if (this.#order.size > 0) this.#schedule();
    return this.#windowBytes <= MaxWindowBytes;
  }

  /** The peer has answered a PING; returns `false` if it was another's than the budget's. */
  takePong(payload: Uint8Array): boolean {
    if (!this.#budget.take(payload)) return false;
    this.#goOn();
    return true;
  }

  /** Writes the control frames that wait, and nothing after them. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const waiting = this.#control.take();
    if (waiting.length > 0 && !this.#socket.destroyed) this.#socket.write(waiting);
    if (this.#next !== undefined) this.#buffers.give(this.#next);
    this.#next = undefined;
    this.#end = 0;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#work !== "none") return;
    this.#isScheduled = true;
    // Behind all that this turn still reads.
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    if (this.#work !== "none" || this.#isClosed || this.#socket.destroyed) return;
    // From here on: what streams tell while it is being filled must not find that all has left.
    this.#work = "filling";
    const begun = this.#end;
    const queuedBytes = this.#order.size > 0 ? OutputBufferBytes : this.#control.bytes;
    const buffer = this.#roomFor(Math.min(begun + queuedBytes, OutputBufferBytes));
    this.#next = undefined;
    this.#end = 0;
    const end = this.#probe(buffer, this.#fill(buffer, begun));
    this.#work = "writing";
    if (this.isWindowShut && this.#order.size > 0 && !this.#isShutTold) {
      this.#isShutTold = true;
      this.#owner.onWindowShut?.();
    }
    if (this.#order.size === 0) this.#isHeldBack = false;
    else if (this.#isHeldBack && this.#dataBytes + LittleRoomBytes > this.#endBytes) this.#awaitAnswer();
    if (end === 0 || this.#isClosed) {
      this.#buffers.give(buffer);
      this.#work = "none";
      return;
    }
    this.#held = this.#buffers.fitted(buffer, end);
    this.#socket.write(this.#held.subarray(0, end), this.#onWritten);
  };

  readonly #onWritten = (): void => {
    this.#work = "none";
    if (this.#held !== undefined) this.#buffers.give(this.#held);
    this.#held = undefined;
    if (this.#control.length > 0 || this.#order.size > 0 || this.#end > 0) this.#flush();
    if (this.isEmpty) this.#owner.onEmpty();
  };

  /** Writes a PING behind what is in `target` if one is due; returns the new end. */
  #probe(target: Buffer, end: number): number {
    if (this.#dataBytes < this.#budget.nextProbeBytes || end + PingFrameBytes > target.length) return end;
    target.set(
      frame(FrameType.Ping, Flag.None, 0, this.#budget.probe(this.#dataBytes, this.#isHeldBack ? "waiting" : "idle")),
      end,
    );
    return end + PingFrameBytes;
  }

  /** Who does not answer PINGs is written to as fast as the system takes it. */
  #awaitAnswer(): void {
    this.#patience ??= setTimeout(() => {
      this.#budget.giveUp();
      this.#goOn();
    }, this.#budget.patienceMs);
  }

  #goOn(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#endBytes = this.#budget.endBytes;
    if (this.#order.size > 0) this.#schedule();
  }

  /** What is being put together, with room for `bytes` in all. */
  #roomFor(bytes: number): Buffer {
    const begun = this.#next;
    if (begun !== undefined && begun.length >= bytes) return begun;
    const buffer = this.#buffers.take(bytes);
    if (begun !== undefined) {
      begun.copy(buffer, 0, 0, this.#end);
      this.#buffers.give(begun);
    }
    this.#next = buffer;
    return buffer;
  }

  #fill(target: Buffer, offset: number): number {
    const position = this.#control.fill(target, offset);
    if (this.#control.length > 0) return position;
    // Streams that get their turn may have made some, trailers for one.
    return this.#control.fill(target, this.#fillData(target, position));
  }

  #fillData(target: Buffer, offset: number): number {
    const { levels } = this.#order;
    let position = offset;
    for (let at = 0; at < levels.length; at++) {
      // Those behind are left a share, or they would starve.
      const share = this.#order.hasBehind(at) ? LessUrgentBytes >> at : 0;
      position = this.#fillLevel(levels[at]!, target, position, target.length - PingFrameBytes - share);
    }
    return position;
  }

  #fillLevel({ streams, takesTurns }: SendLevel, target: Buffer, offset: number, limit: number): number {
    let position = offset;
    // Each as often as its turn comes while there is room: who takes one again stands behind the others.
    for (const stream of streams) {
      for (;;) {
        // A stream's DATA must not come before its header block.
        if (this.#control.length > 0) return position;
        const room = limit - position - FrameHeaderBytes;
        if (room < LittleRoomBytes && room < stream.bufferedBytes) return position;
        const maxBytes = Math.min(room, DefaultFrameBytes, this.#allowedBytes(stream.bufferedBytes));
        // It keeps its place until it may send.
        if (stream.canSend && maxBytes === 0 && stream.bufferedBytes > 0) break;
        if (takesTurns) streams.delete(stream);
        if (stream.canSend) position = this.#probe(target, this.#giveTurn(stream, target, position, maxBytes));
        if (stream.canSend) streams.add(stream);
        else streams.delete(stream);
        if (takesTurns || !stream.canSend) break;
      }
    }
    return position;
  }

  /** How much may be sent of a stream in which `bytes` wait: by the connection's window, and by what is on its way. */
  #allowedBytes(bytes: number): number {
    const left = this.#endBytes - this.#dataBytes;
    const ahead = bytes <= SmallBytes ? left + SpareBytes : left;
    // A scrap of a large piece would cost more than it is.
    if (ahead < Math.min(bytes, LittleRoomBytes)) {
      this.#isHeldBack = true;
      return 0;
    }
    return Math.max(0, Math.min(this.#windowBytes, ahead));
  }

  /** Frames what `stream` has to send next; returns where that ends in `target`. */
  #giveTurn(stream: H2Stream, target: Buffer, offset: number, maxBytes: number): number {
    if (stream.takeTrailers() !== undefined) {
      this.#owner.sendTrailers(stream);
      return offset;
    }
    const sent = stream.fill(target, offset, maxBytes);
    this.#countData(sent);
    stream.tellDrain();
    return offset + FrameHeaderBytes + sent;
  }

  #countData(bytes: number): void {
    this.#windowBytes -= bytes;
    this.#dataBytes += bytes;
    this.#dataFrames++;
  }
}
