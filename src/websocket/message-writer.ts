import { Writable } from "node:stream";
import type { SendTurn } from "./send-queue.ts";

/** Where the parts of a message go. */
export interface PartSink {
  /**
   * What is written waits for its turn.
   *
   * @param waitingBytes - what its writer holds more than it has said before.
   * @throws WebSocketError where that is more than may wait.
   */
  hold(waitingBytes: number): void;
  /**
   * What is written, in its turn, waits behind a part that waits for room.
   *
   * @throws WebSocketError where `waitingBytes` are more than may wait.
   */
  holdBehind(waitingBytes: number): void;
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
  /** Of what the stream counts as waiting, those that were sent already. */
  #sentBytes = 0;
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
    this.#watch(this.stream);
  }

  /** What was written before its turn. */
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

  /** A stream of node's hands a write over when those before it are done. What waits has to be known at once. */
  #watch(stream: Writable): void {
    const write = stream.write.bind(stream);
    const end = stream.end.bind(stream);
    stream.write = (...parameters: unknown[]) => {
      const hasRoom: unknown = Reflect.apply(write, undefined, parameters);
      this.#hold();
      return hasRoom === true;
    };
    stream.end = (...parameters: unknown[]) => {
      Reflect.apply(end, undefined, parameters);
      this.#hold();
      return stream;
    };
  }

  #whenTurn(action: () => void): void {
    if (this.#hasTurn) action();
    else this.#onTurn = action;
  }

  #hold(): void {
    if (this.#isDone || this.stream.destroyed) return;
    const bytes = this.stream.writableLength - this.#sentBytes;
    // What has been sent was allowed.
    if (this.#hasTurn && bytes === 0) return;
    this.#isSending = true;
    try {
      if (this.#hasTurn) this.#sink.holdBehind(bytes);
      else this.#sink.hold(bytes - this.#bytes);
      this.#bytes = bytes;
    } catch (error) {
      this.stream.destroy(asError(error));
    } finally {
      this.#isSending = false;
    }
  }

  async #send(part: Uint8Array, end: "more" | "last", callback: (error?: Error) => void): Promise<void> {
    try {
      const room = this.#sendNow(part, end);
      if (end === "last") this.#finish();
      this.#sentBytes = part.length;
      await room;
      this.#sentBytes = 0;
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
