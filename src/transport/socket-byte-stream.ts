import type { Socket } from "node:net";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";
import { resetSocket } from "./reset-socket.ts";
import { SocketOutput } from "./socket-output.ts";
import { copyOf } from "./copy-bytes.ts";
import { SocketEvents, type SocketListener } from "./socket-events.ts";
import { KeepAliveMs } from "./transport-limits.ts";

/** What a {@link SocketByteStream} is made from besides its socket. */
export interface SocketByteStreamOptions {
  /** Bytes read together with the opening's head and behind it: they are delivered first, without a copy. */
  readonly head?: Uint8Array;
  /** The TCP socket beneath `socket` where that one is TLS. Only it can be reset, so without it `abort` closes in order. */
  readonly connection?: Socket | undefined;
  /** What watches `socket`, which {@link connectTo} has made, and tells nobody else from now on; absent: nothing does yet. */
  readonly events?: SocketEvents | undefined;
}

/** What the kernel says when the peer's RST has arrived: at a read, at a write. */
const ResetCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * The bytes of a WebSocket over HTTP/1.1: a connected TCP, TLS or unix socket, of which it is the only owner from now on.
 * It sets `allowHalfOpen`, no delay and no timeout, since a WebSocket may be silent and end one half at a time; a host that is
 * gone is found out by TCP keep-alive.
 *
 * TLS that ends without close_notify ends like TCP that sends FIN: whether a WebSocket was whole is told by its Close frame.
 */
export class SocketByteStream implements ByteStream, SocketListener {
  readonly lifetime: BytesLifetime;
  readonly #socket: Socket;
  readonly #connection: Socket;
  readonly #events: SocketEvents;
  readonly #output: SocketOutput;
  /** What is to be delivered before anything is read, where no 'data' does it. */
  #head: Uint8Array | undefined;
  /** Whether the peer ended its half when nobody could be told. */
  #isEndHeld = false;
  #consumer: ByteConsumer | undefined;
  #paused = false;
  #ended = false;
  #loss: "reset" | "connection-lost" | undefined;
  /** Known from the first moment on: `abort`, or the socket's close. Told when the socket has closed. */
  #ending: StreamEnding | undefined;

  constructor(socket: Socket, { head, connection, events }: SocketByteStreamOptions = {}) {
    this.lifetime = events?.onread === undefined ? "kept" : "call";
    this.#socket = socket;
    this.#events = events ?? new SocketEvents();
    this.#events.listener = this;
    this.#output = new SocketOutput(socket, () => this.#onDrain());
    this.#connection = connection ?? socket;
    if (events?.onread === undefined) this.#prepare();
    if (events === undefined) this.#events.watch(socket);
    if (this.#connection !== socket) this.#watchConnection();
    if (socket.closed) this.#ending = { type: "connection-lost" };
    else if (head !== undefined && head.length > 0) this.#takeHead(head);
  }

  get bufferedBytes(): number {
    return this.#ending === undefined ? this.#output.bufferedBytes : 0;
  }

  get highWaterBytes(): number {
    return this.#output.highWaterBytes;
  }

  set highWaterBytes(bytes: number) {
    this.#output.highWaterBytes = bytes;
  }

  start(consumer: ByteConsumer): void {
    this.#consumer = consumer;
    const socket = this.#socket;
    // Its event may be gone already.
    if (socket.closed) this.#planClose();
    if (!this.#hasBuffer) socket.on("data", (chunk: Buffer) => this.onRead(chunk, chunk.length));
    this.#flow();
  }

  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean {
    if (this.#ended || this.#ending !== undefined) return true;
    return this.#output.write(bytes, start, end, lifetime);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flow();
  }

  end(): void {
    if (this.#ended || this.#ending !== undefined) return;
    this.#ended = true;
    if (this.#hasBuffer && this.#isDone) this.#finish();
    else this.#output.end();
  }

  abort(reason: AbortReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = { type: "aborted", reason };
    // TLS above it follows by itself. Destroying that one too crashes Node 24 while a handshake's callback runs.
    resetSocket(this.#connection, this.#socket);
  }

  onConnect(): void {
    // It was connected before.
  }

  onRead(bytes: Uint8Array, length: number): void {
    if (this.#ending !== undefined) return;
    if (this.#consumer === undefined) this.#hold(bytes, length);
    else this.#consumer.onBytes(bytes, 0, length);
  }

  onSocketEnd(): void {
    if (this.#ending !== undefined) return;
    if (this.#consumer === undefined || this.#head !== undefined) this.#isEndHeld = true;
    else this.#consumer.onEnd();
  }

  onSocketError(error: NodeJS.ErrnoException): void {
    this.#loss ??= isReset(error) ? "reset" : "connection-lost";
  }

  onSocketClose(): void {
    // It comes by itself, from no call of ours.
    if (this.#hasBuffer) this.#close();
    else this.#planClose();
  }

  /** Whether what is read lies in a buffer, and no 'data' tells of it. */
  get #hasBuffer(): boolean {
    return this.#events.onread !== undefined;
  }

  /** Makes of a socket that others had what it is to be here. */
  #prepare(): void {
    const socket = this.#socket;
    // It may flow because of a reader before us, and would drop what comes until `start`.
    socket.pause();
    socket.allowHalfOpen = true;
    socket.setNoDelay();
    socket.setTimeout(0);
    this.#connection.setKeepAlive(true, KeepAliveMs);
  }

  /** Whether the peer has ended its half, and all that we wrote has left. */
  get #isDone(): boolean {
    return this.#socket.readableEnded && this.#output.bufferedBytes === 0;
  }

  /** Without TLS closing says all that ending our half first would, and takes one call of the system and not two. */
  #finish(): void {
    this.#ending = { type: "ended" };
    this.#socket.destroy();
  }

  #takeHead(head: Uint8Array): void {
    if (this.#hasBuffer) this.#head = head;
    else this.#socket.unshift(head);
  }

  /** Keeps what came before anybody takes it; the system keeps the rest. */
  #hold(bytes: Uint8Array, length: number): void {
    const copy = copyOf(bytes, 0, length);
    this.#head = this.#head === undefined ? copy : Buffer.concat([this.#head, copy]);
    this.#socket.pause();
  }

  #flow(): void {
    if (this.#consumer === undefined || this.#paused) return;
    // Never from within a call of the consumer's.
    if (this.#head !== undefined || this.#isEndHeld) process.nextTick(() => this.#deliverHeld());
    // One with a buffer reads by itself until it is paused.
    else if (!this.#hasBuffer || this.#socket.isPaused()) this.#socket.resume();
  }

  #deliverHeld(): void {
    if (this.#paused) return;
    const head = this.#head;
    this.#head = undefined;
    if (head !== undefined) this.onRead(head, head.length);
    if (this.#paused) return;
    const isEnd = this.#isEndHeld;
    this.#isEndHeld = false;
    if (isEnd) this.onSocketEnd();
    this.#flow();
  }

  #watchConnection(): void {
    // Errors of what is beneath TLS come through `socket` as well.
    this.#connection.on("error", () => undefined);
    // TLS on TLS, as through a proxy, does not tell that it has closed when what is beneath both has.
    this.#connection.once("close", () => setImmediate(() => this.#planClose()));
  }

  #onDrain(): void {
    if (!this.#ended && this.#ending === undefined) this.#consumer?.onDrain();
  }

  /** TLS emits 'close' from within the reset of the connection beneath it, and the consumer must not hear it there. */
  #planClose(): void {
    process.nextTick(() => this.#close());
  }

  #close(): void {
    this.#ending ??= this.#endingOfSocket();
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.onClose(this.#ending);
  }

  #endingOfSocket(): StreamEnding {
    if (this.#loss === "reset") return { type: "reset", code: undefined };
    const isWhole = this.#socket.readableEnded && this.#socket.writableFinished;
    return { type: this.#loss ?? (isWhole ? "ended" : "connection-lost") };
  }
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code !== undefined && ResetCodes.has(error.code);
}
