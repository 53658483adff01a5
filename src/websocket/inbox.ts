import type { FrameTap } from "../protocol/frame/frame-tap.ts";
import { goOn, holdBack, type Traffic } from "../protocol/frame/traffic.ts";
import type { ConnectionMachine } from "../protocol/message/connection-machine.ts";
import type { ByteStream } from "../transport/byte-stream.ts";

const Nothing = new Uint8Array(0);

/**
 * The bytes that a connection has got and may not read yet: at most what one read of the stream gave, and what was on its way,
 * since the stream is paused while there are some.
 */
export class Inbox {
  /** Sees what the machine reads, while somebody looks on. */
  tap: FrameTap | undefined;
  readonly #stream: ByteStream;
  readonly #traffic: Traffic | undefined;
  #bytes: Uint8Array = Nothing;
  #offset = 0;
  #end = 0;
  #later: Uint8Array[] | undefined;
  #isPaused = false;

  /** @param traffic - has the time that the peer is held back. */
  constructor(stream: ByteStream, traffic?: Traffic) {
    this.#stream = stream;
    this.#traffic = traffic;
  }

  get isEmpty(): boolean {
    return this.#offset === this.#end;
  }

  /** What nobody has read yet. */
  get bytes(): number {
    return (this.#later ?? []).reduce((sum, { length }) => sum + length, this.#end - this.#offset);
  }

  /** Whether the peer is held back. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Takes what the stream handed over; behind the call, and what is read in it, comes `hold`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.isEmpty) this.#turnTo(bytes, start, end);
    else (this.#later ??= []).push(new Uint8Array(bytes.subarray(start, end)));
  }

  /** Lets `machine` read one frame, or what there is of it. */
  readFrame(machine: ConnectionMachine): void {
    const start = this.#offset;
    this.#offset = machine.read(this.#bytes, start, this.#end);
    if (this.tap !== undefined) this.tap.take(this.#bytes, start, this.#offset);
    if (!this.isEmpty) return;
    const next = this.#later?.shift();
    this.#turnTo(next ?? Nothing, 0, next?.length ?? 0);
  }

  /** Keeps the bytes that nobody read, where the stream would reuse them. */
  hold(): void {
    if (this.isEmpty || this.#stream.lifetime === "kept") return;
    const rest = new Uint8Array(this.#bytes.subarray(this.#offset, this.#end));
    this.#turnTo(rest, 0, rest.length);
  }

  /** Holds the peer back while there is something to read, and only then; returns whether that has just ended. */
  steer(): boolean {
    const pause = !this.isEmpty;
    if (pause === this.#isPaused) return false;
    this.#isPaused = pause;
    if (pause) {
      if (this.#traffic) holdBack(this.#traffic, performance.now());
      this.#stream.pause();
    } else {
      if (this.#traffic) goOn(this.#traffic, performance.now());
      this.#stream.resume();
    }
    return !pause;
  }

  #turnTo(bytes: Uint8Array, offset: number, end: number): void {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }
}
