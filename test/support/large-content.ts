import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

/** A prime: what is lost, doubled or out of order in parts of any usual size does not fit what follows. */
const PeriodBytes = 262_139;

/** Content of any length that neither end has to hold: the same random bytes again and again. */
export class LargeContent {
  readonly bytes: number;
  /** Twice, so that a part can begin anywhere. */
  readonly #twice: Buffer;

  /** @param period - what it repeats. */
  constructor(bytes: number, period: Uint8Array = randomBytes(PeriodBytes)) {
    this.bytes = bytes;
    this.#twice = Buffer.concat([period, period]);
  }

  /** Writes it, no faster than `to` takes it, and ends `to`. */
  sender(to: Writable): LargeSender {
    return new LargeSender(to, this.bytes, this.#twice.subarray(0, this.#twice.length / 2));
  }

  /** Reads and checks it. */
  receiver(from: Readable): LargeReceiver {
    return new LargeReceiver(from, this.#twice);
  }
}

/** The sending end. */
export class LargeSender {
  /** What was written so far. */
  bytes = 0;
  /** Resolves when all is written; rejects where the other end goes before. */
  readonly done: Promise<void>;

  constructor(to: Writable, total: number, period: Buffer) {
    this.done = new Promise((resolve, reject) => {
      const sendOn = (): void => {
        while (this.bytes < total) {
          const part = period.subarray(0, total - this.bytes);
          this.bytes += part.length;
          if (!to.write(part)) return;
        }
        to.off("drain", sendOn);
        to.end(resolve);
      };
      to.on("drain", sendOn);
      to.on("close", () => reject(new Error(`the receiver left after ${this.bytes} bytes`)));
      to.on("error", reject);
      sendOn();
    });
    this.done.catch(() => undefined);
  }
}

/** The receiving end. */
export class LargeReceiver {
  readonly #from: Readable;
  readonly #twice: Buffer;
  #pauseAt = Infinity;
  #onPaused: (() => void) | undefined;
  /** What has come so far. */
  bytes = 0;
  /** Where it differed first from what was sent. */
  fault: string | undefined;
  /** Resolves at the end of the content; rejects where it is cut off. */
  readonly done: Promise<void>;

  constructor(from: Readable, twice: Buffer) {
    this.#from = from;
    this.#twice = twice;
    from.on("data", (part: Buffer) => this.#take(part));
    this.done = once(from, "end").then(() => undefined);
    this.done.catch(() => undefined);
  }

  /** Stops reading once `bytes` have come, and resolves then. */
  pausedAt(bytes: number): Promise<void> {
    this.#pauseAt = bytes;
    return new Promise((resolve) => (this.#onPaused = resolve));
  }

  resume(): void {
    this.#pauseAt = Infinity;
    this.#from.resume();
  }

  #take(part: Buffer): void {
    for (let at = 0; at < part.length && this.fault === undefined;) {
      const period = this.#twice.length / 2;
      const begin = (this.bytes + at) % period;
      const end = Math.min(part.length, at + period);
      const isSame = this.#twice.compare(part, at, end, begin, begin + end - at) === 0;
      if (!isSame) this.fault = `content differs after byte ${this.bytes + at}`;
      at = end;
    }
    this.bytes += part.length;
    if (this.bytes < this.#pauseAt) return;
    this.#from.pause();
    this.#onPaused?.();
  }
}
