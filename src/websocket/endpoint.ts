import { CloseCode } from "../protocol/close-code.ts";
import type { Closing, ConnectionEvent, ConnectionMachine } from "../protocol/message/connection-machine.ts";
import { WebSocketError } from "../protocol/errors.ts";
import type { ByteConsumer, ByteStream, StreamEnding } from "../transport/byte-stream.ts";
import { ClosingTime } from "./closing-time.ts";
import { type ConnectionEnding, limitOfError } from "./connection-ending.ts";
import { connectionSettings, type WebSocketConnectionOptions } from "./connection-options.ts";
import { Ending } from "./ending.ts";
import type { HandledConnection, WebSocketHandler } from "./handler.ts";
import { type CallsOwner, HandlerCalls } from "./handler-calls.ts";
import { Inbox } from "./inbox.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import { Keepalive, type KeptConnection } from "./keepalive.ts";
import { machineFor } from "./machine-for.ts";
import { Outbox, type OutboxOwner } from "./outbox.ts";
import { notOpen, Sender, type SenderOwner } from "./sender.ts";

/**
 * Our endpoint of a WebSocket at work: a {@link ConnectionMachine} on a {@link ByteStream}, and what stands around it.
 *
 *     ByteStream ──▶ Inbox ──▶ ConnectionMachine ──▶ Intake ──▶ onMessage, onMessageStream, receive, receiveStream
 *     ByteStream ◀── Outbox ◀── ConnectionMachine ◀── Sender ◀── send, sendStream, ping
 *
 *              our Close               the peer's Close, or closeMs
 *     open ───────────────▶ closing ──────────────────────────────────▶ closed ── closeMs or lingerMs at most ──▶ onEnded
 *      │                                                                   ▲
 *      └── the peer's Close · a broken rule · pongMs · the stream's end ───┘
 *
 * What was read and may not be taken yet waits as bytes, at most one read of them, while the stream is paused. Nothing of it is
 * decoded, so nothing is answered out of order. After our own Close the wait ends, since what comes then is dropped.
 *
 * A server reads nothing while its stream is full, so that a handler which answers without waiting is held to the pace of its
 * peer. A client reads on: if both ends stopped, neither would ever go on.
 *
 * `closed` waits for our Close to leave. At the end the stream is aborted if need be. A server ends its half first (RFC 6455 §7.1.1).
 */
export class Endpoint<Data>
  implements ByteConsumer, OutboxOwner, SenderOwner, CallsOwner<Data>, IntakeOwner<Data>, KeptConnection
{
  readonly connection: HandledConnection<Data>;
  readonly handler: WebSocketHandler<Data>;
  readonly machine: ConnectionMachine;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly calls: HandlerCalls<Data>;
  readonly sender: Sender;
  readonly intake: Intake<Data>;
  readonly onUnhandledError: WebSocketConnectionOptions["onUnhandledError"];
  readonly #stream: ByteStream;
  readonly #role: "server" | "client";
  readonly #maxBufferedBytes: number;
  readonly #ending: Ending;
  readonly #keepalive: Keepalive | undefined;
  readonly onRoundTrip: (ms: number) => void;
  readonly #closeMs: number;
  readonly #lingerMs: number | undefined;
  #closingTime: ClosingTime | undefined;
  #isReading = false;
  #hasCloseLeft = false;
  /** How it ended: told when our Close has left or cannot any more. TLS may tell first that both halves have ended. */
  #closing: Closing | undefined;
  #hasPeerEnded = false;

  /** @param nowMs - a clock that never goes back. */
  constructor(
    connection: HandledConnection<Data>,
    stream: ByteStream,
    options: WebSocketConnectionOptions<Data>,
    nowMs: () => number,
  ) {
    const settings = connectionSettings(options);
    this.connection = connection;
    this.handler = options.handler ?? {};
    this.#stream = stream;
    this.#role = options.role;
    this.#maxBufferedBytes = settings.maxBufferedBytes;
    this.#ending = new Ending(options);
    this.onUnhandledError = options.onUnhandledError;
    this.machine = machineFor(options, settings, nowMs);
    this.inbox = new Inbox(stream, options.incoming);
    this.outbox = new Outbox(stream, settings.writeStallMs, this, options.outgoing);
    this.sender = new Sender({ stream, machine: this.machine, outbox: this.outbox }, settings.maxBufferedBytes, this);
    this.calls = new HandlerCalls(this);
    this.intake = new Intake(this);
    this.#keepalive = Keepalive.try(settings, this, nowMs);
    this.onRoundTrip = options.onRoundTrip ?? ((): void => undefined);
    this.#closeMs = settings.closeMs;
    this.#lingerMs = options.lingerMs;
  }

  /** How it ended, once it has. */
  get closed(): Promise<Closing> {
    return this.#ending.closed;
  }

  /** Begins the flow; `onOpen` is called in the next microtask. */
  start(): void {
    // Before the stream's start, so that onOpen comes before whatever that tells in a microtask of its own.
    this.calls.open();
    this.#stream.start(this);
  }

  /**
   * Sends our Close, if nothing has begun the end yet.
   *
   * @throws WebSocketError `WS_CLOSE_CODE_INVALID`; then nothing has changed.
   */
  close(cause: ConnectionEnding["cause"], code: number, reason = ""): void {
    if (this.machine.state !== "open") return;
    this.machine.close(code, reason);
    this.#ending.begin("local", code, cause);
    this.#startDeadline();
    this.#stopTalking(notOpen("caller"));
    // Whoever closes wants nothing more; where we end it for another reason, what has come may still be received.
    if (cause === "close-frame") this.intake.clear(notOpen("caller"));
    else this.intake.end(notOpen("caller"));
    this.#settle();
    this.#readOn();
  }

  /** Ends it without a Close. */
  abort(cause: ConnectionEnding["cause"]): void {
    this.#ending.begin("local", CloseCode.Abnormal, cause);
    this.machine.end("local");
    this.#stream.abort("cancel");
    if (cause === "reset") this.intake.clear(notOpen("caller"));
    this.#settle();
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    if (this.machine.state === "closed") return;
    this.#keepalive?.heard();
    this.inbox.add(bytes, start, end);
    this.#readOn();
    this.inbox.hold();
    if (this.#keepalive && this.machine.isMessageArriving) this.#keepalive.moved();
  }

  onDrain(): void {
    this.#keepalive?.heard();
    if (this.machine.state !== "open") this.#hasCloseLeft = true;
    if (this.#closing) this.#tellClosed(this.#closing);
    if (this.outbox.release()) this.calls.drain();
    this.#readOn();
  }

  onEnd(): void {
    this.#hasPeerEnded = true;
    this.#readOn();
  }

  onClose(ending: StreamEnding): void {
    this.#ending.begin("peer", CloseCode.Abnormal, ending.type === "connection-lost" ? "connection-lost" : "reset");
    this.machine.end("peer");
    this.#settle();
    if (this.#closing) this.#tellClosed({ ...this.#closing, clean: ending.type === "ended" });
    this.outbox.close();
    this.#closingTime?.stop();
    this.#ending.end();
  }

  onStalled(): void {
    this.close("stalled", CloseCode.TryAgainLater);
  }

  onMessageSent(): void {
    this.#keepalive?.moved();
    this.#settle();
  }

  onPingSent(): void {
    this.#settle();
  }

  onOverflow(): void {
    this.#ending.limit("buffered_bytes");
    this.close("limit", CloseCode.TryAgainLater);
  }

  onBroken(): void {
    this.close("handler-error", CloseCode.InternalError);
  }

  onFailure(failure: unknown): void {
    const isOpen = this.machine.state === "open";
    // That the peer has left while the handler wanted to send is nobody's fault.
    if (!isOpen && failure instanceof WebSocketError && failure.code === "WS_NOT_OPEN") return;
    this.calls.error(failure);
    this.close("handler-error", CloseCode.InternalError);
  }

  onFree(): void {
    this.#keepalive?.moved();
    this.#readOn();
  }

  onWanted(): void {
    this.#readOn();
  }

  isHeld(): boolean {
    return this.inbox.isPaused || this.outbox.isFull;
  }

  isWorking(): boolean {
    return this.calls.isBusy;
  }

  sendPing(): void {
    this.machine.ping(new Uint8Array(0));
    this.#settle();
  }

  probe(): void {
    // What waits already is as good a probe, and has its own deadline.
    if (!this.outbox.isFull) this.machine.pong();
    this.#settle();
  }

  onSilent(): void {
    this.abort("pong-timeout");
  }

  onIdle(): void {
    this.close("idle", CloseCode.GoingAway);
  }

  /** Reads what it may and is there. Called whenever either has changed; harmless otherwise, and within itself. */
  #readOn(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      this.#readFrames();
    } finally {
      this.#isReading = false;
    }
    if (this.#hasPeerEnded && this.inbox.isEmpty) this.#endBehindPeer();
    if (this.inbox.steer()) this.#keepalive?.heard();
  }

  #readFrames(): void {
    for (;;) {
      if (this.intake.prepare()) this.#settle();
      if (this.inbox.isEmpty || !this.#mayRead()) return;
      this.inbox.readFrame(this.machine);
      this.#settle();
    }
  }

  #mayRead(): boolean {
    if (this.machine.state !== "open") return true;
    if (!this.intake.isOpen || !this.outbox.isFull) return this.intake.isOpen;
    // What a client answers to Pings while its stream is full has a bound too.
    return this.#role === "client" && this.#stream.bufferedBytes < this.#maxBufferedBytes;
  }

  /** Sends and tells what the machine has come to. */
  #settle(): void {
    const isLast = this.machine.state !== "open";
    // Then it is full until all of it has left.
    if (isLast) this.#stream.highWaterBytes = 1;
    this.outbox.write(this.machine.takeOutput());
    if (isLast && !this.outbox.isFull) this.#hasCloseLeft = true;
    const event = this.machine.takeEvent();
    if (event) this.#handle(event);
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case "text":
      case "binary":
        this.#keepalive?.moved();
        this.intake.add(event.type === "text" ? event.text : event.data);
        return;
      case "part":
        this.#keepalive?.moved();
        this.intake.addPart(event);
        return;
      case "ping":
        this.calls.ping(event.payload);
        return;
      case "pong":
        this.sender.onPong(event.payload);
        this.calls.pong(event.payload);
        return;
      case "closed":
        this.#onClosed(event.closing);
        return;
      default:
        event satisfies never;
    }
  }

  /** No message can come or go any more. */
  #onClosed(closing: Closing): void {
    const { code, error } = closing;
    const limit = error && limitOfError(error.code);
    if (error) this.#ending.begin("local", code, limit ? "limit" : "rule-broken");
    else this.#ending.begin("peer", code, "close-frame");
    this.#ending.limit(limit);
    this.#stopTalking(error ?? notOpen("peer"));
    this.intake.end(error ?? notOpen("peer"));
    this.#startDeadline();
    if (closing.clean && !this.#hasCloseLeft) this.#closing = closing;
    else this.#tellClosed(closing);
  }

  /** Our half ends behind our Close, and the peer gets its time to end its own. */
  #tellClosed(closing: Closing): void {
    this.#closing = undefined;
    this.#ending.close(closing);
    if (closing.error) this.calls.error(closing.error);
    this.calls.close(closing);
    if (this.#role === "server") this.#stream.end();
    if (closing.clean) this.#closingTime?.startLinger();
  }

  #stopTalking(error: WebSocketError): void {
    this.sender.end(error);
    this.#keepalive?.stop();
  }

  /** The peer has ended its half, and everything before that is read. */
  #endBehindPeer(): void {
    this.#ending.begin("peer", CloseCode.Abnormal, "end-without-close");
    this.machine.end("peer");
    this.#settle();
    this.#stream.end();
  }

  #startDeadline(): void {
    this.#closingTime ??= new ClosingTime(this.#stream, this.#closeMs, this.#lingerMs);
    this.#closingTime.start(() => this.#onDeadline());
  }

  #onDeadline(): void {
    this.#ending.limit("close_deadline");
    if (this.machine.state === "closed") {
      this.#stream.abort(this.#stream.bufferedBytes > 0 ? "cancel" : "no-error");
      return;
    }
    if (this.#stream.bufferedBytes > 0) this.#ending.missDeadline();
    this.machine.end("peer");
    this.#stream.abort("cancel");
    this.#settle();
  }
}
