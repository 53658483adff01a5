import { Writable } from "node:stream";
import type { SendTurn } from "./send-queue.ts";

/** Where the parts of a message go. */
export interface PartSink {
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
  /** What waits is the stream's own, and bounded by its backpressure. */
  readonly bytes = 0;
  readonly stream: Writable;
  readonly #sink: PartSink;
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
        else this.#whenTurn(() => void this.#send(part, "more", callback));
      },
      final: (callback) => this.#whenTurn(() => void this.#send(Nothing, "last", callback)),
      destroy: (error, callback) => {
        callback(error);
        this.#giveUp();
      },
    });
    // Whoever does not listen must not lose the process to a peer that leaves.
    this.stream.on("error", () => {});
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

  #whenTurn(action: () => void): void {
    if (this.#hasTurn) action();
    else this.#onTurn = action;
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
