import { CloseCode } from "../protocol/close-code.ts";
import { WebSocketError } from "../protocol/errors.ts";
import { messageLimitOf } from "../protocol/frame/message-meter.ts";
import { Traffic } from "../protocol/frame/traffic.ts";
import { type Closing, type ConnectionEvent, ConnectionMachine } from "../protocol/message/connection-machine.ts";
import type { Extension, SendOptions } from "../protocol/message/extension.ts";
import type { Writable } from "node:stream";
import type { ByteStream, StreamEnding } from "../transport/byte-stream.ts";
import { type ConnectionOptions, DefaultConnectionOptions } from "./connection-options.ts";
import { limitOfCause, type ConnectionEnding, type ConnectionLimit, type DrainCause } from "./connection-ending.ts";
import type { HandledConnection, IncomingMessage, WebSocketHandler } from "./handler.ts";
import { Outbox } from "./outbox.ts";
import type { WebSocketRequest } from "./request.ts";

/** What a {@link WebSocketConnection} is made of beside its stream. */
export interface WebSocketConnectionOptions<Data = unknown> extends ConnectionOptions {
  /** A client masks what it sends, a server does not. */
  readonly role: "server" | "client";
  readonly request: WebSocketRequest<Data>;
  readonly subprotocol: string | undefined;
  /** What was agreed on in the opening handshake, in its order and for this WebSocket only; none if not given. */
  readonly extensions?: readonly Extension[] | undefined;
  /** Without one, or without `onMessage` and `onMessageStream`, messages wait for `receive`. */
  readonly handler?: WebSocketHandler<Data> | undefined;
  /** How long the peer may take to end its half when all is said and has left, in milliseconds; `closeMs` where not given. */
  readonly lingerMs?: number | undefined;
  /** Counts what comes in, up to the end; a `Traffic` of its own where not given. */
  readonly incoming?: Traffic | undefined;
  /** Counts what goes out. */
  readonly outgoing?: Traffic | undefined;
  /** Told of each limit that this connection runs into. */
  onLimit?(limit: ConnectionLimit): void;
  /** Told what goes to `onError` where the handler has none. */
  onUnhandledError?(error: unknown): void;
  /** Told once, when the stream is over; no timer is left then. */
  onEnded?(ending: ConnectionEnding): void;
}

/** What a message that waits takes of memory beside its bytes, about: small ones take much more than they say. */
const WaitingMessageBytes = 1_024;

/**
 * A WebSocket at work: a {@link ConnectionMachine} on a {@link ByteStream}, and a handler. `onOpen` is called in the
 * microtask behind the constructor.
 *
 * What was read and not yet handed to the handler waits as bytes, at most one read of them, while the stream is paused:
 * while the handler's promise is open, and while the stream is full. Nothing of it is decoded, so nothing is answered out
 * of order. After our own Close the wait ends, since what comes then is dropped.
 *
 * The end takes at most 2 × `closeMs`: one until the peer's Close, one until the end of its half, then the stream is
 * aborted. As a server this side ends its half first (RFC 6455 §7.1.1).
 */
export class WebSocketConnection<Data = unknown> implements HandledConnection<Data> {
  readonly request: WebSocketRequest<Data>;
  readonly subprotocol: string | undefined;
  readonly #stream: ByteStream;
  readonly #options: WebSocketConnectionOptions<Data> & typeof DefaultConnectionOptions;
  readonly #handler: WebSocketHandler<Data>;
  readonly extensions: readonly string[];
  readonly #closed = Promise.withResolvers<Closing>();
  readonly #messages: (string | Uint8Array)[] = [];
  readonly #receivers: ((message: string | Uint8Array | undefined) => void)[] = [];
  readonly #machine: ConnectionMachine;
  readonly #outbox: Outbox;
  /** Bytes not read yet; of the first piece, what lies behind `#offset`. */
  readonly #inbox: Uint8Array[] = [];
  #offset = 0;
  #isHandlerBusy = false;
  #isPaused = false;
  #hasPeerEnded = false;
  #ending: ConnectionEnding | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(stream: ByteStream, given: WebSocketConnectionOptions<Data>) {
    const options = { ...DefaultConnectionOptions, ...given } as WebSocketConnectionOptions<Data> &
      typeof DefaultConnectionOptions;
    this.request = options.request;
    this.extensions = (options.extensions ?? []).map(({ name }) => name);
    this.subprotocol = options.subprotocol;
    this.#stream = stream;
    this.#options = options;
    this.#handler = options.handler ?? {};
    this.#machine = new ConnectionMachine({
      ...options,
      incoming: options.incoming ?? new Traffic(),
      outgoing: options.outgoing ?? new Traffic(),
    });
    this.#outbox = new Outbox(stream, options.writeStallMs, () => this.#fall("stalled", CloseCode.TryAgainLater));
    // Before `start`, so that onOpen comes before whatever the stream tells in a microtask of its own.
    queueMicrotask(() => this.#runHandler(() => this.#handler.onOpen?.(this)));
    stream.start({
      onBytes: (bytes, start, end) => this.#onBytes(bytes.subarray(start, end)),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#onEnd(),
      onClose: (ending) => this.#onStreamClose(ending),
    });
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  send(message: string | Uint8Array, options?: SendOptions): Promise<void> {
    const sent = this.#send(message, options);
    // A handler that does not wait must not bring the process down with an unhandled rejection.
    sent.catch(() => {});
    return sent;
  }

  get state(): "open" | "closing" | "closed" {
    return this.#machine.state;
  }

  get closed(): Promise<Closing> {
    return this.#closed.promise;
  }

  close(code: number = CloseCode.Normal, reason = ""): Promise<Closing> {
    this.#fall("close-frame", code, reason);
    return this.#closed.promise;
  }

  async receive(): Promise<string | Uint8Array | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined) return message;
    if (this.#machine.state !== "open") return undefined;
    return new Promise((resolve) => this.#receivers.push(resolve));
  }

  receiveStream(): Promise<IncomingMessage | undefined> {
    throw new Error("messages in parts cannot be received yet");
  }

  sendStream(): Writable {
    throw new Error("messages in parts cannot be sent yet");
  }

  ping(): Promise<number> {
    throw new Error("round trips cannot be measured yet");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array, void, undefined> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  /** Closes like `close`, for whoever runs the connection; counted as `cause`. */
  drain(code: number, cause: DrainCause, reason = ""): void {
    this.#fall(cause, code, reason);
  }

  abort(): void {
    this.#ending ??= { initiator: "gateway", code: CloseCode.Abnormal, cause: "reset" };
    this.#machine.end("local");
    this.#stream.abort("cancel");
    this.#settle();
  }

  async #send(message: string | Uint8Array, options: SendOptions | undefined): Promise<void> {
    // Handlers are not all type-checked, and a frame of something else would garble the stream.
    if (typeof message !== "string" && !(message instanceof Uint8Array)) {
      throw new TypeError("a message is a string or a Uint8Array");
    }
    if (this.#machine.state === "open") this.#refuseOverflow(message);
    this.#machine.send(message, options);
    this.#settle();
    if (this.#outbox.isFull) await this.#outbox.drained();
  }

  /** A message is refused whole, before it is queued: what waits is never more than `maxBufferedBytes`, but for a Close. */
  #refuseOverflow(message: string | Uint8Array): void {
    const bytes = typeof message === "string" ? Buffer.byteLength(message) : message.length;
    const { maxBufferedBytes } = this.#options;
    const waiting = this.#stream.bufferedBytes + this.#outbox.waitingSenders * WaitingMessageBytes;
    if (waiting + bytes <= maxBufferedBytes) return;
    this.#tellLimit("buffered_bytes");
    this.#fall("limit", CloseCode.TryAgainLater);
    throw new WebSocketError(
      "WS_BUFFER_FULL",
      `${bytes} bytes more than ${waiting} that the peer has not taken, of ${maxBufferedBytes} at most`,
      { origin: "caller" },
    );
  }

  /** Sends our Close, if nothing has begun the end yet. */
  #fall(cause: ConnectionEnding["cause"], code: number, reason = ""): void {
    if (this.#machine.state !== "open") return;
    this.#tellLimit(limitOfCause(cause));
    this.#machine.close(code, reason);
    this.#ending = { initiator: "gateway", code, cause };
    this.#startDeadline();
    this.#settle();
    this.#readOn();
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#machine.state === "closed") return;
    this.#inbox.push(bytes);
    this.#readOn();
    const last = this.#inbox.length - 1;
    if (last >= 0 && this.#stream.lifetime === "call") this.#inbox[last] = new Uint8Array(bytes);
  }

  #onDrain(): void {
    this.#outbox.release();
    this.#readOn();
  }

  #onEnd(): void {
    this.#hasPeerEnded = true;
    this.#readOn();
  }

  /** Reads what it may and is there. Called whenever either has changed; harmless otherwise. */
  #readOn(): void {
    while (this.#inbox.length > 0 && this.#mayRead()) this.#readFrame();
    if (this.#hasPeerEnded && this.#inbox.length === 0) this.#endBehindPeer();
    this.#steer();
  }

  #mayRead(): boolean {
    return this.#machine.state !== "open" || !(this.#isHandlerBusy || this.#outbox.isFull);
  }

  #readFrame(): void {
    const bytes = this.#inbox[0]!;
    this.#offset = this.#machine.read(bytes, this.#offset, bytes.length);
    if (this.#offset === bytes.length) {
      this.#inbox.shift();
      this.#offset = 0;
    }
    this.#settle();
  }

  /** Sends and tells what the machine has come to. */
  #settle(): void {
    this.#outbox.write(this.#machine.takeOutput());
    const event = this.#machine.takeEvent();
    if (event) this.#handle(event);
  }

  #steer(): void {
    const pause = this.#inbox.length > 0;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#stream.pause();
    else this.#stream.resume();
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case "text":
        this.#deliver(event.text);
        return;
      case "binary":
        this.#deliver(event.data);
        return;
      case "ping":
      case "pong":
        return;
      case "closed":
        this.#onClosed(event.closing);
        return;
      default:
        event satisfies never;
    }
  }

  #deliver(message: string | Uint8Array): void {
    if (this.#handler.onMessage) {
      this.#runHandler(() => this.#handler.onMessage?.(this, message));
      return;
    }
    const receiver = this.#receivers.shift();
    if (receiver) receiver(message);
    else this.#messages.push(message);
  }

  /** Nothing can be said any more: our half ends, and the peer gets its time to end its own. */
  #onClosed(closing: Closing): void {
    const { code, error } = closing;
    const limit = error && messageLimitOf(error.code);
    this.#ending ??= error
      ? { initiator: "gateway", code, cause: limit ? "limit" : "rule-broken" }
      : { initiator: this.#peer, code, cause: "close-frame" };
    this.#tellLimit(limit);
    this.#closed.resolve(closing);
    for (const receiver of this.#receivers.splice(0)) receiver(undefined);
    if (error) this.#report(error);
    this.#tell(
      () => this.#handler.onClose?.(this, closing),
      (failure) => this.#report(failure),
    );
    if (this.#options.role === "server") this.#stream.end();
    this.#startDeadline();
    if (closing.clean) this.#startLinger();
  }

  get #peer(): "client" | "upstream" {
    return this.#options.role === "server" ? "client" : "upstream";
  }

  /** The peer has ended its half, and everything before that is read. */
  #endBehindPeer(): void {
    this.#ending ??= { initiator: this.#peer, code: CloseCode.Abnormal, cause: "end-without-close" };
    this.#machine.end("peer");
    this.#settle();
    this.#stream.end();
  }

  #onStreamClose(ending: StreamEnding): void {
    const cause = ending.type === "connection-lost" ? "connection-lost" : "reset";
    this.#ending ??= { initiator: this.#peer, code: CloseCode.Abnormal, cause };
    this.#machine.end("peer");
    this.#settle();
    this.#outbox.close();
    clearTimeout(this.#deadline);
    clearTimeout(this.#linger);
    this.#options.onEnded?.(this.#ending);
  }

  #startDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#onDeadline(), this.#options.closeMs);
  }

  #startLinger(): void {
    if (this.#options.lingerMs === undefined) return;
    this.#linger = setTimeout(() => {
      if (this.#stream.bufferedBytes === 0) this.#stream.abort("no-error");
      else this.#startLinger();
    }, this.#options.lingerMs);
  }

  #tellLimit(limit: ConnectionLimit | undefined): void {
    if (limit !== undefined) this.#options.onLimit?.(limit);
  }

  #onDeadline(): void {
    this.#tellLimit("close_deadline");
    if (this.#machine.state === "closed") {
      this.#stream.abort(this.#stream.bufferedBytes > 0 ? "cancel" : "no-error");
      return;
    }
    if (this.#ending?.cause === "close-frame" && this.#stream.bufferedBytes > 0) {
      this.#ending = { ...this.#ending, cause: "close-deadline" };
    }
    this.#machine.end("peer");
    this.#stream.abort("cancel");
    this.#settle();
  }

  /** Runs a method of the handler that holds up reading until it is done. */
  #runHandler(method: () => unknown): void {
    const work = isolated(method, (failure) => this.#onHandlerFailure(failure));
    if (work) void this.#waitFor(work);
  }

  async #waitFor(work: Promise<void>): Promise<void> {
    this.#isHandlerBusy = true;
    await work;
    this.#isHandlerBusy = false;
    this.#readOn();
  }

  #onHandlerFailure(failure: unknown): void {
    const isOpen = this.#machine.state === "open";
    // That the peer has left while the handler wanted to send is nobody's fault.
    if (!isOpen && failure instanceof WebSocketError && failure.code === "WS_NOT_OPEN") return;
    this.#report(failure);
    this.#fall("handler-error", CloseCode.InternalError);
  }

  #report(error: unknown): void {
    if (this.#handler.onError === undefined) return this.#options.onUnhandledError?.(error);
    this.#tell(
      () => this.#handler.onError?.(this, error),
      () => {},
    );
  }

  /** In a microtask, so that nothing is told from within a call of the handler's own. */
  #tell(method: () => unknown, onFailure: (failure: unknown) => void): void {
    queueMicrotask(() => void isolated(method, onFailure));
  }
}

/** Runs `method`; what it throws, now or later, goes to `onFailure`. Returns a promise, never rejected, if `method` did. */
function isolated(method: () => unknown, onFailure: (failure: unknown) => void): Promise<void> | undefined {
  try {
    const result = method();
    return isThenable(result) ? Promise.resolve(result).then(() => {}, onFailure) : undefined;
  } catch (failure) {
    onFailure(failure);
    return undefined;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
