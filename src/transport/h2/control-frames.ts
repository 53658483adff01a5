/** Frames that are no DATA, in the order in which they leave; they may be cut where a write is full. */
export class ControlFrames {
  #frames: Uint8Array[] = [];
  /** Bytes of the first of them that have left. */
  #sent = 0;
  #bytes = 0;

  /** How many wait, one that has left in part among them. */
  get length(): number {
    return this.#frames.length;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** Writes to `target` from `offset` on what fits; returns where that ends. */
  fill(target: Uint8Array, offset: number): number {
    let position = offset;
    let taken = 0;
    for (const frame of this.#frames) {
      const part = frame.subarray(this.#sent, this.#sent + target.length - position);
      target.set(part, position);
      position += part.length;
      this.#sent += part.length;
      if (this.#sent < frame.length) break;
      this.#sent = 0;
      taken++;
    }
    if (taken > 0) this.#frames.splice(0, taken);
    this.#bytes -= position - offset;
    return position;
  }

  /** Takes out all that waits. */
  take(): Uint8Array {
    const waiting = Buffer.concat(this.#frames).subarray(this.#sent);
    this.#frames = [];
    this.#sent = 0;
    this.#bytes = 0;
    return waiting;
  }
}
