import { encodeMasked } from "../../../src/protocol/frame/frame-codec.ts";
import { binaryFrame } from "../../../src/protocol/frame/frame.ts";
import type { LoadSocket } from "./load-socket.ts";
import type { Tally } from "./tally.ts";

/** Its payload lies in one DATA frame. */
const Message = encodeMasked(binaryFrame(new Uint8Array(16_000)), 0x3d21_fa37);

/** Carries as much as it can: sends message after message once it is told to, and takes all that comes. */
export class BulkSocket implements LoadSocket {
  readonly #tally: Tally;
  #isSending = false;
  #position = 0;
  /** Octets of frames that went either way. */
  carriedBytes = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get unsentBytes(): number {
    return this.#isSending ? Message.length - this.#position : 0;
  }

  begin(): void {
    this.#isSending = true;
  }

  onOpen(): void {
    this.#tally.opened++;
  }

  writeTo(target: Uint8Array, at: number, length: number): void {
    target.set(Message.subarray(this.#position, this.#position + length), at);
    this.#position = (this.#position + length) % Message.length;
    this.carriedBytes += length;
  }

  receive(_bytes: Uint8Array, start: number, end: number): void {
    this.carriedBytes += end - start;
  }

  onEnd(): void {
    this.#tally.fail("a WebSocket was closed");
  }
}
