import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { closeFrame } from "../../../src/protocol/frame/frame.ts";
import type { LoadSocket } from "./load-socket.ts";
import type { Tally } from "./tally.ts";

const Close = encodeFrame(closeFrame(1000), { maskKey: Uint8Array.of(0x37, 0xfa, 0x21, 0x3d) });

/** Says Close as soon as it is open, and counts when the gateway has ended it. */
export class ClosingSocket implements LoadSocket {
  readonly #tally: Tally;
  readonly #onOver: () => void;
  readonly #askedMs: number;
  #unsent = 0;

  constructor(tally: Tally, onOver: () => void) {
    this.#tally = tally;
    this.#onOver = onOver;
    this.#askedMs = tally.nowMs;
  }

  get unsentBytes(): number {
    return this.#unsent;
  }

  onOpen(): void {
    this.#unsent = Close.length;
  }

  writeTo(target: Uint8Array, at: number, length: number): void {
    const start = Close.length - this.#unsent;
    target.set(Close.subarray(start, start + length), at);
    this.#unsent -= length;
  }

  receive(): void {
    // The answer to the Close: its end counts.
  }

  onEnd(): void {
    this.#tally.latencies.record(this.#tally.nowMs - this.#askedMs);
    this.#tally.done++;
    if (this.#tally.isRunning) this.#onOver();
  }
}
