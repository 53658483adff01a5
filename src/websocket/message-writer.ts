import { Writable } from "node:stream";
import type { SendTurn } from "./send-queue.ts";

/** Where the parts of a message go. */
export interface PartSink {
  /**
   * What is written waits for its turn.
   *
   * @param waitingBytes - what its writer holds.
   * @throws WebSocketError where that is more than may wait.
   */
  hold(waitingBytes: number): void;
  /**
   * Sends a part; returns a promise for room where there is none for more.
   *
   * @param waitingBytes - what its writer holds, the part included.
   * @throws WebSocketError where the part cannot be sent: then nothing of it was.
   */
  sendPart(part: Uint8Array, end: "more" | "last", waitingBytes: number): Promise<void> | undefined;
  /** The message has left whole, or nothing of it has. */
  onDone(): void;
  /** Some of the message has left, and the rest does not come. */
  onBroken(): void;
}

const Nothing = new Uint8Array(0);

/** A message that its application writes in parts; they wait for its turn. */
export class MessageWriter implements SendTurn {
  readonly stream: Writable;
  readonly #sink: PartSink;
  #bytes = 0;
  #hasTurn = false;
  #onTurn: (() => void) | undefined;
  #hasBegun = false;
  #isSending = false;
  #isDone = false;

  constructor(sink: PartSink) {
    this.#sink = sink;
    this.stream = new Writable({
      write: (part: Uint8Array, _, callback) => {
        // As a frame it would count among the fragments that a peer allows.
        if (part.length === 0) callback();
        else this.#whenTurn(() => void this.#send(part, "more", callback), callback);
      },
      final: (callback) => this.#whenTurn(() => void this.#send(Nothing, "last", callback), callback),
      destroy: (error, callback) => {
        callback(error);
        this.#giveUp();
      },
    });
    // Whoever does not listen must not lose the process to a peer that leaves.
    this.stream.on("error", () => {});
  }

  /** What was written before its turn. Further writes are bounded by the backpressure of the stream. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    this.#hasTurn = true;
    this.#onTurn?.();
  }

  fail(error: unknown): void {
    this.#isDone = true;
    // Where its own part ends the WebSocket, it is told of that.
    if (!this.#isSending) this.stream.destroy(asError(error));
  }

  #whenTurn(action: () => void, callback: (error: Error) => void): void {
    if (this.#hasTurn) return action();
    try {
      this.#hold();
      this.#onTurn = action;
    } catch (error) {
      callback(asError(error));
    }
  }

  #hold(): void {
    const bytes = this.stream.writableLength;
    this.#isSending = true;
    try {
      this.#sink.hold(bytes);
      this.#bytes += bytes;
    } finally {
      this.#isSending = false;
    }
  }

  async #send(part: Uint8Array, end: "more" | "last", callback: (error?: Error) => void): Promise<void> {
    try {
      const room = this.#sendNow(part, end);
      if (end === "last") this.#finish();
      await room;
      callback();
    } catch (error) {
      callback(asError(error));
    }
  }

  #sendNow(part: Uint8Array, end: "more" | "last"): Promise<void> | undefined {
    this.#isSending = true;
    try {
      const room = this.#sink.sendPart(part, end, this.stream.writableLength);
      this.#hasBegun = true;
      return room;
    } finally {
      this.#isSending = false;
    }
  }

  #finish(): void {
    this.#isDone = true;
    this.#sink.onDone();
  }

  #giveUp(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#hasBegun) this.#sink.onBroken();
    else this.#sink.onDone();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("the message cannot be sent", { cause: error });
}
