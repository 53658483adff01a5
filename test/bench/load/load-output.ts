import type { TLSSocket } from "node:tls";
import { FrameHeaderBytes } from "../../../src/transport/h2/h2-codes.ts";

const BlockBytes = 262_144;

/** What a connection of the load sends: gathered over a turn of the loop, and written once. */
export class LoadOutput {
  readonly #socket: TLSSocket;
  readonly #records: "full" | "one-frame";
  #block = Buffer.allocUnsafeSlow(BlockBytes);
  #begin = 0;
  #end = 0;
  #isDue = false;
  /** Frames that have to wait for the one before, so that each gets a record of its own. */
  #frames: Uint8Array[] = [];
  #isWriting = false;

  /** @param records - `one-frame` where all that is written are frames of HTTP/2. */
  constructor(socket: TLSSocket, records: "full" | "one-frame") {
    this.#socket = socket;
    this.#records = records;
  }

  /** Returns where the next `length` octets are to be written, which are at most 64 KiB: into {@link block}. */
  reserve(length: number): number {
    if (this.#end + length > BlockBytes) {
      this.#flush();
      // What was written from the old one may not have left yet.
      this.#block = Buffer.allocUnsafeSlow(BlockBytes);
      this.#begin = 0;
      this.#end = 0;
    }
    const at = this.#end;
    this.#end += length;
    if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(() => this.#onTurn());
    }
    return at;
  }

  get block(): Uint8Array {
    return this.#block;
  }

  send(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#block.set(bytes, at);
  }

  #onTurn(): void {
    this.#isDue = false;
    this.#flush();
  }

  #flush(): void {
    const bytes = this.#block.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    if (bytes.length === 0 || this.#socket.destroyed) return;
    if (this.#records === "full") return void this.#socket.write(bytes);
    for (let at = 0; at < bytes.length;) {
      const next = at + FrameHeaderBytes + bytes.readUIntBE(at, 3);
      this.#frames.push(bytes.subarray(at, next));
      at = next;
    }
    if (!this.#isWriting) this.#writeFrames();
  }

  /** What is written while a write is under way would share its record with what else is. */
  #writeFrames(): void {
    const frames = this.#frames;
    this.#frames = [];
    let index = 0;
    const next = (): void => {
      const frame = frames[index++];
      this.#isWriting = frame !== undefined || this.#frames.length > 0;
      if (frame !== undefined) this.#socket.write(frame, next);
      else if (this.#isWriting) this.#writeFrames();
    };
    next();
  }
}
