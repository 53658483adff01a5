import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { BytesLifetime } from "./byte-stream.ts";
import { ByteBlocks } from "./byte-blocks.ts";
import { copyInto, copyOf } from "./copy-bytes.ts";
import { HighWater } from "./high-water.ts";

/** A piece of less than this is put together with its neighbours. */
const SmallBytes = 512;

/**
 * The way out of a socket. What is written in one turn of the event loop leaves in one call of the system at its end, small
 * pieces put together.
 */
export class SocketOutput {
  /** What small pieces are put together in. */
  static readonly #blocks = new ByteBlocks(2_048, 512);
  /** Those written to in this turn: an immediate for each would be most of what a turn allocates. */
  static #written: SocketOutput[] = [];
  readonly #socket: Socket;
  readonly #highWater: HighWater;
  #isScheduled = false;
  #isCorked = false;
  /** A small piece, or the block that several are in: they wait for the end of the turn. */
  #small: Uint8Array | undefined;
  #block: Buffer | undefined;
  #smallBytes = 0;

  /** @param onDrain - `write` said `false`, and there is room again; never called from within `write`. */
  constructor(socket: Socket, onDrain: () => void) {
    this.#socket = socket;
    this.#highWater = new HighWater(socket, onDrain);
  }

  /** Bytes that the system has not taken. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#smallBytes;
  }

  /** From how many of them on `write` says `false`. */
  get highWaterBytes(): number {
    return this.#highWater.bytes;
  }

  set highWaterBytes(bytes: number) {
    this.#highWater.bytes = bytes;
  }

  /** Takes `bytes[start, end)`; returns whether there is room for more. */
  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    const length = end - start;
    this.#schedule();
    if (length < SmallBytes && this.bufferedBytes + length < this.highWaterBytes) {
      this.#collect(bytes, start, end, lifetime);
      return true;
    }
    this.#cork();
    return this.#highWater.write(lifetime === "kept" ? bytes.subarray(start, end) : copyOf(bytes, start, end));
  }

  /** Ends our half behind what was written. */
  end(): void {
    this.#writeSmall();
    this.#socket.end();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (SocketOutput.#written.push(this) === 1) setImmediate(SocketOutput.#onTurnEnd);
  }

  static #onTurnEnd(this: void): void {
    const outputs = SocketOutput.#written;
    SocketOutput.#written = [];
    for (const output of outputs) output.#leave();
  }

  #leave(): void {
    this.#isScheduled = false;
    this.#writeSmall();
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  /** From now on this turn has more than one piece. */
  #cork(): void {
    if (!this.#isCorked) this.#socket.cork();
    this.#isCorked = true;
    this.#writeSmall();
  }

  #collect(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): void {
    const length = end - start;
    if (this.#small !== undefined && this.#small.length - this.#smallBytes < length) this.#makeRoom(this.#small);
    const small = this.#small;
    if (small !== undefined) copyInto(small, this.#smallBytes, bytes, start, end);
    else this.#small = lifetime === "kept" ? bytes.subarray(start, end) : copyWithOthers(bytes, start, end);
    this.#smallBytes += length;
  }

  /** A piece by itself moves into a block; a block that is full leaves the place to the next. */
  #makeRoom(small: Uint8Array): void {
    if (this.#block !== undefined) return this.#cork();
    this.#block = SocketOutput.#blocks.take();
    this.#small = this.#block;
    copyInto(this.#block, 0, small, 0, this.#smallBytes);
  }

  #writeSmall(): void {
    const small = this.#small;
    if (small === undefined) return;
    const block = this.#block;
    const view = block === undefined ? small : small.subarray(0, this.#smallBytes);
    this.#small = undefined;
    this.#block = undefined;
    this.#smallBytes = 0;
    this.#highWater.write(view);
    // TCP has mostly taken it now. What it, or TLS, has not is not waited for.
    if (block !== undefined && this.#socket.writableLength === 0) SocketOutput.#blocks.give(block);
  }
}

/** A copy of `bytes[start, end)` in memory that others share: it leaves soon, and memory of its own would cost more than it. */
function copyWithOthers(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start);
  copyInto(copy, 0, bytes, start, end);
  return copy;
}
