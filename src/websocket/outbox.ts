import { WebSocketError } from "../protocol/errors.ts";
import type { FrameTap } from "../protocol/frame/frame-tap.ts";
import { goOn, holdBack, type Traffic } from "../protocol/frame/traffic.ts";
import type { ByteStream } from "../transport/byte-stream.ts";

interface WaitingSender {
  resolve(): void;
  reject(error: WebSocketError): void;
}

/** The connection that an {@link Outbox} is of. */
export interface OutboxOwner {
  /** Told while the stream is full each time that nothing was taken for the time a peer has. */
  onStalled(): void;
}

/** The way out of a connection: lets senders wait while the stream is full, and watches that the peer takes something. */
export class Outbox {
  /** Sees what is written, while somebody looks on. */
  tap: FrameTap | undefined;
  readonly #stream: ByteStream;
  readonly #stallMs: number;
  readonly #owner: OutboxOwner;
  readonly #traffic: Traffic | undefined;
  #senders: WaitingSender[] = [];
  #isFull = false;
  #writtenBytes = 0;
  #takenBytes = 0;
  #stallTimer: NodeJS.Timeout | undefined;

  /**
   * @param stallMs - how long the peer may take nothing.
   * @param traffic - has the time that senders are held back.
   */
  constructor(stream: ByteStream, stallMs: number, owner: OutboxOwner, traffic?: Traffic) {
    this.#stream = stream;
    this.#stallMs = stallMs;
    this.#owner = owner;
    this.#traffic = traffic;
  }

  /** Whether a write met a full stream that has not drained since. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How many wait for the stream to drain. */
  get waitingSenders(): number {
    return this.#senders.length;
  }

  /** Writes whole frames whose bytes nobody changes any more. */
  write(frames: readonly Uint8Array[]): void {
    if (this.tap !== undefined) for (const frame of frames) this.tap.take(frame, 0, frame.length);
    for (const frame of frames) {
      this.#writtenBytes += frame.length;
      if (!this.#stream.write(frame, 0, frame.length, "kept")) this.#hold();
    }
  }

  /** Resolves once the stream has drained; rejects with `WS_NOT_OPEN` if it closes before. */
  drained(): Promise<void> {
    return new Promise((resolve, reject) => this.#senders.push({ resolve, reject }));
  }

  /** The stream drained: senders go on. Returns whether there were some. */
  release(): boolean {
    this.#isFull = false;
    if (this.#traffic) goOn(this.#traffic, performance.now());
    clearTimeout(this.#stallTimer);
    const senders = this.#takeSenders();
    for (const sender of senders) sender.resolve();
    return senders.length > 0;
  }

  /** The stream closed: nothing was or will be sent any more. */
  close(): void {
    clearTimeout(this.#stallTimer);
    const senders = this.#takeSenders();
    if (senders.length === 0) return;
    const error = new WebSocketError("WS_NOT_OPEN", "the WebSocket ended before there was room", {
      origin: "transport",
    });
    for (const sender of senders) sender.reject(error);
  }

  #takeSenders(): WaitingSender[] {
    const senders = this.#senders;
    this.#senders = [];
    return senders;
  }

  #hold(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    if (this.#traffic) holdBack(this.#traffic, performance.now());
    this.#takenBytes = this.#taken();
    this.#stallTimer = setTimeout(() => this.#checkProgress(), this.#stallMs).unref();
  }

  #checkProgress(): void {
    const taken = this.#taken();
    // A peer that is slow takes something each time; what more was sent meanwhile does not hide it.
    if (taken === this.#takenBytes) this.#owner.onStalled();
    this.#takenBytes = taken;
    this.#stallTimer?.refresh();
  }

  #taken(): number {
    return this.#writtenBytes - this.#stream.bufferedBytes;
  }
}
