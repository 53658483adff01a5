import type { Socket } from "node:net";
import type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./byte-stream.ts";
import { resetSocket } from "./reset-socket.ts";
import { SocketOutput } from "./socket-output.ts";
import type { SocketReads } from "./socket-reads.ts";
import { KeepAliveMs } from "./transport-limits.ts";

/** What a {@link SocketByteStream} is made from besides its socket. */
export interface SocketByteStreamOptions {
  /** Bytes read together with the opening's head and behind it: they are delivered first, without a copy. */
  readonly head?: Uint8Array;
  /** The TCP socket beneath `socket` where that one is TLS. Only it can be reset, so without it `abort` closes in order. */
  readonly connection?: Socket | undefined;
  /** Who tells what is read from `socket`, and is told by nobody else from now on; absent: its 'data' does. */
  readonly reads?: SocketReads | undefined;
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
export class SocketByteStream implements ByteStream {
  readonly lifetime: BytesLifetime;
  readonly #socket: Socket;
  readonly #connection: Socket;
  readonly #reads: SocketReads | undefined;
  readonly #output: SocketOutput;
  /** What is to be delivered before anything is read, where no 'data' does it. */
  #head: Uint8Array | undefined;
  #consumer: ByteConsumer | undefined;
  #paused = false;
  #ended = false;
  #loss: "reset" | "connection-lost" | undefined;
  /** Known from the first moment on: `abort`, or the socket's close. Told when the socket has closed. */
  #ending: StreamEnding | undefined;

  constructor(socket: Socket, { head, connection, reads }: SocketByteStreamOptions = {}) {
    this.lifetime = reads === undefined ? "kept" : "call";
    this.#socket = socket;
    this.#reads = reads;
    this.#output = new SocketOutput(socket, () => this.#onDrain());
    this.#connection = connection ?? socket;
    // It may flow because of a reader before us, and would drop what comes until `start`.
    socket.pause();
    socket.allowHalfOpen = true;
    socket.setNoDelay();
    socket.setTimeout(0);
    this.#connection.setKeepAlive(true, KeepAliveMs);
    socket.on("error", (error) => {
      this.#loss ??= isReset(error) ? "reset" : "connection-lost";
    });
    // Told once; `once` would cost an object more.
    socket.on("close", () => this.#planClose());
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
    const deliver = (bytes: Uint8Array, length: number): void => {
      if (this.#ending === undefined) consumer.onBytes(bytes, 0, length);
    };
    if (this.#reads === undefined) socket.on("data", (chunk: Buffer) => deliver(chunk, chunk.length));
    else this.#reads.onRead = deliver;
    socket.on("end", () => {
      if (this.#ending === undefined) consumer.onEnd();
    });
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
    if (this.#reads !== undefined && this.#isDone) this.#finish();
    else this.#output.end();
  }

  abort(reason: AbortReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = { type: "aborted", reason };
    // TLS above it follows by itself. Destroying that one too crashes Node 24 while a handshake's callback runs.
    resetSocket(this.#connection);
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
    if (this.#reads === undefined) this.#socket.unshift(head);
    else this.#head = head;
  }

  #flow(): void {
    if (this.#consumer === undefined || this.#paused) return;
    if (this.#head === undefined) this.#socket.resume();
    // Never from within a call of the consumer's.
    else process.nextTick(() => this.#deliverHead());
  }

  #deliverHead(): void {
    const head = this.#head;
    if (head === undefined || this.#paused) return;
    this.#head = undefined;
    this.#reads?.onRead(head, head.length);
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
    process.nextTick(() => {
      this.#ending ??= this.#endingOfSocket();
      const consumer = this.#consumer;
      this.#consumer = undefined;
      consumer?.onClose(this.#ending);
    });
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
