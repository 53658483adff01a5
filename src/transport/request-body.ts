import { Readable } from "node:stream";

/** Told how the reading of a {@link RequestBody} goes. Methods must not throw. */
export interface BodyWatch {
  /** The reader waits for the next part. */
  onWanted(): void;
  /** The reader waits no more: a part came, or the end, or it has given up. */
  onServed(): void;
}

/**
 * The content of a request: reads `source` as fast as it is read itself, and only then. What happens to it leaves `source`
 * whole, whose connection still has an answer to carry.
 *
 *     unread ──first read──▶ reading ──end──▶ over
 *        └──given up, dropped───┴─────────────▲
 */
export class RequestBody {
  /** For whoever wants the content. Its errors need no listener. */
  readonly readable: Readable;
  readonly #source: Readable;
  readonly #isCut: () => boolean;
  readonly #watch: BodyWatch;
  #state: "unread" | "reading" | "over" = "unread";

  /**
   * @param source - that nobody else reads; its owner calls `fail` when it breaks.
   * @param isCut - asked at the end of `source`: whether that is no end of the content.
   */
  constructor(source: Readable, isCut: () => boolean, watch: BodyWatch) {
    this.#source = source;
    this.#isCut = isCut;
    this.#watch = watch;
    this.readable = new Readable({
      highWaterMark: source.readableHighWaterMark,
      read: () => this.#read(),
      destroy: (error, callback) => {
        this.#giveUp();
        callback(error);
      },
    });
    this.readable.on("error", () => undefined);
    source.pause();
  }

  /** Whether anybody has read of it. */
  get isTouched(): boolean {
    return this.#state !== "unread";
  }

  /** Ends it with an error, if it has not ended. */
  fail(reason: string): void {
    if (!this.readable.readableEnded) this.readable.destroy(new Error(reason));
  }

  /** What is left is nobody's: it is read and thrown away from now on. */
  drop(): void {
    this.fail("the request has been answered");
    this.#source.resume();
  }

  #read(): void {
    if (this.#state === "over") return;
    if (this.#state === "unread") {
      this.#state = "reading";
      this.#source.on("data", this.#onData);
      this.#source.once("end", this.#onEnd);
    }
    this.#watch.onWanted();
    this.#source.resume();
  }

  readonly #onData = (part: Buffer): void => {
    this.#watch.onServed();
    if (!this.readable.push(part)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#isCut()) return;
    this.#state = "over";
    this.#watch.onServed();
    this.readable.push(null);
  };

  #giveUp(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#source.off("data", this.#onData);
    this.#source.off("end", this.#onEnd);
    this.#source.pause();
    this.#watch.onServed();
  }
}
