import type { ByteStream } from "../transport/byte-stream.ts";

/** The deadlines of one WebSocket's end. */
export class ClosingTime {
  readonly #stream: ByteStream;
  readonly #closeMs: number;
  readonly #lingerMs: number | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  /**
   * @param closeMs - how long the peer may take to answer a Close, and after that to end its half.
   * @param lingerMs - how long it may take to end its half when all is said and has left; `closeMs` where not given.
   */
  constructor(stream: ByteStream, closeMs: number, lingerMs: number | undefined) {
    this.#stream = stream;
    this.#closeMs = closeMs;
    this.#lingerMs = lingerMs;
  }

  /** The peer has `closeMs` from now on; then `onLate` is told. */
  start(onLate: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(onLate, this.#closeMs).unref();
  }

  /** Aborts the stream `lingerMs` from now on, or later when all has left. */
  startLinger(): void {
    if (this.#lingerMs === undefined) return;
    this.#linger = setTimeout(() => {
      if (this.#stream.bufferedBytes === 0) this.#stream.abort("no-error");
      else this.startLinger();
    }, this.#lingerMs).unref();
  }

  /** The stream is over. */
  stop(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#linger);
  }
}
