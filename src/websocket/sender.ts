import type { Writable } from "node:stream";
import { inspect } from "node:util";
import { WebSocketError } from "../protocol/errors.ts";
import type { ConnectionMachine } from "../protocol/message/connection-machine.ts";
import type { SendOptions } from "../protocol/message/extension.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import type { WaitOptions } from "./handler.ts";
import { MessageWriter } from "./message-writer.ts";
import type { Outbox } from "./outbox.ts";
import { RoundTrips } from "./round-trips.ts";
import { SendQueue, type SendTurn } from "./send-queue.ts";
import { checkWait } from "./wait.ts";

/** What a message or a Ping that waits takes of memory beside its bytes, about: small ones take much more than they say. */
export const WaitingBytes = 1_024;

const LongestCodeUnitBytes = 3;

/** What a message passes on its way out. */
export interface SenderWay {
  readonly machine: ConnectionMachine;
  readonly outbox: Outbox;
  readonly stream: ByteStream;
}

/** The connection that a {@link Sender} is of. */
export interface SenderOwner {
  /** Some of a message is to leave. */
  onMessageSent(): void;
  /** A Ping is to leave. */
  onPingSent(): void;
  /** A Ping that somebody waits for was answered. */
  onRoundTrip(ms: number): void;
  /** More would wait than may. */
  onOverflow(): void;
  /** A message in parts broke off. */
  onBroken(): void;
}

/** What a connection does for who sends: messages in their order, whole and in parts, within a bound, and Pings. */
export class Sender {
  readonly #stream: ByteStream;
  readonly #machine: ConnectionMachine;
  readonly #outbox: Outbox;
  readonly #maxBufferedBytes: number;
  readonly #owner: SenderOwner;
  #queue: SendQueue | undefined;
  #roundTrips: RoundTrips | undefined;

  constructor(way: SenderWay, maxBufferedBytes: number, owner: SenderOwner) {
    this.#stream = way.stream;
    this.#machine = way.machine;
    this.#outbox = way.outbox;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#owner = owner;
  }

  /** Bytes that wait, in the stream or for their turn. */
  get bufferedBytes(): number {
    return this.#stream.bufferedBytes + (this.#queue?.bytes ?? 0);
  }

  /** As `HandledConnection.send`, but throws what that rejects with; `undefined` where there is room at once. */
  send(message: string | Uint8Array, options: SendOptions | undefined): Promise<void> | undefined {
    // Applications are not all type-checked, and a frame of something else would garble the stream.
    if (typeof message !== "string" && !(message instanceof Uint8Array)) {
      throw new TypeError(`a message is a string or a Uint8Array, and not ${inspect(message, { depth: -1 })}`);
    }
    if (this.#machine.state === "open") this.#checkRoomFor(message);
    const queue = this.#queue;
    if (queue && !queue.isEmpty) return this.#sendInTurn(queue, message, options);
    this.#machine.send(message, options);
    return this.#onSent();
  }

  /** As `HandledConnection.sendStream`. */
  sendStream(of: "text" | "binary"): Writable {
    if (of !== "text" && of !== "binary") throw new TypeError(`type is ${inspect(of)}, not "text" or "binary"`);
    const queue = (this.#queue ??= new SendQueue());
    const writer = new MessageWriter({
      hold: (waitingBytes) => {
        this.#refuseOverflow(waitingBytes);
        queue.grow(waitingBytes);
      },
      holdBehind: (waitingBytes) => this.#refuseOverflow(waitingBytes),
      sendPart: (part, end, waitingBytes) => this.#sendPart(of, part, end, waitingBytes),
      onDone: () => queue.leave(writer),
      onBroken: () => this.#owner.onBroken(),
    });
    if (this.#machine.state === "open") queue.join(writer);
    else writer.fail(notOpen("caller"));
    return writer.stream;
  }

  /** As `HandledConnection.ping`, but throws what that rejects with at once. `nowMs` is a clock that never goes back. */
  ping(options: WaitOptions, nowMs: () => number): Promise<number> {
    checkWait(options);
    if (this.#machine.state !== "open") throw notOpen("caller");
    const trips = (this.#roundTrips ??= new RoundTrips(nowMs, (ms) => this.#owner.onRoundTrip(ms)));
    this.#refuseOverflow(WaitingBytes);
    const { payload, roundTripMs } = trips.begin(options);
    this.#machine.ping(payload);
    this.#owner.onPingSent();
    return roundTripMs;
  }

  /** A Pong came. */
  onPong(payload: Uint8Array): void {
    this.#roundTrips?.onPong(payload);
  }

  /** Nothing can be sent any more. */
  end(error: unknown): void {
    this.#queue?.end(error);
    this.#roundTrips?.end(error);
  }

  #sendPart(
    of: "text" | "binary",
    part: Uint8Array,
    end: "more" | "last",
    waitingBytes: number,
  ): Promise<void> | undefined {
    if (this.#machine.state === "open") this.#refuseOverflow(waitingBytes);
    this.#machine.sendPart(of, part, end);
    return this.#onSent();
  }

  #sendInTurn(queue: SendQueue, message: string | Uint8Array, options: SendOptions | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const isKept = typeof message === "string" || options?.lifetime === "kept";
    const kept = isKept ? message : new Uint8Array(message);
    const turn: SendTurn = {
      bytes: typeof kept === "string" ? Buffer.byteLength(kept) : kept.length,
      start: () => {
        try {
          this.#machine.send(kept, { ...options, lifetime: "kept" });
          resolve(this.#onSent());
        } catch (error) {
          reject(error);
        }
        queue.leave(turn);
      },
      fail: reject,
    };
    queue.join(turn);
    return promise;
  }

  #onSent(): Promise<void> | undefined {
    this.#owner.onMessageSent();
    return this.#outbox.isFull ? this.#outbox.drained() : undefined;
  }

  #checkRoomFor(message: string | Uint8Array): void {
    const isString = typeof message === "string";
    const mostBytes = isString ? message.length * LongestCodeUnitBytes : message.length;
    if (this.#waiting() + mostBytes <= this.#maxBufferedBytes) return;
    this.#refuseOverflow(isString ? Buffer.byteLength(message) : message.length);
  }

  #waiting(): number {
    const waiting = this.#outbox.waitingSenders + (this.#queue?.length ?? 0) + (this.#roundTrips?.count ?? 0);
    return this.bufferedBytes + waiting * WaitingBytes;
  }

  /** A message is refused whole, before it is queued: what waits is never more than the bound, but for a Close. */
  #refuseOverflow(bytes: number): void {
    const waiting = this.#waiting();
    if (waiting + bytes <= this.#maxBufferedBytes) return;
    this.#owner.onOverflow();
    throw new WebSocketError(
      "WS_BUFFER_FULL",
      `${bytes} bytes more than ${waiting} that the peer has not taken, of ${this.#maxBufferedBytes} at most`,
      { origin: "caller" },
    );
  }
}

/** That the WebSocket is closing or closed; `origin` says what keeps what was asked for from happening. */
export function notOpen(origin: WebSocketError["origin"]): WebSocketError {
  return new WebSocketError("WS_NOT_OPEN", "the WebSocket is not open any more", { origin });
}
