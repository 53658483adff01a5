import type { Socket } from "node:net";

/** More than any PROXY header, preface or TLS ClientHello; a client that sends more ahead is not read on. */
const MaxHeldBytes = 65_536;

/** Who looks at the {@link FirstBytes} of a socket. Told nothing more after `giveBack` or `stop`. */
export interface FirstBytesReader {
  /** More has been read: `held` is all of it. It may call `giveBack`, `consume` and `stop`. */
  onBytes(held: Buffer): void;
  /** The client has ended its half, or the connection is gone. */
  onGone(): void;
}

/**
 * Reads a fresh socket until it is known who goes on with it. Nobody else may read the socket meanwhile; that it has an
 * error handler is the caller's affair. Only a socket that is read tells that its client has left.
 */
export class FirstBytes {
  readonly #socket: Socket;
  readonly #reader: FirstBytesReader;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, reader: FirstBytesReader) {
    this.#socket = socket;
    this.#reader = reader;
    socket.on("readable", this.#onReadable);
    socket.once("end", this.#onGone);
    socket.once("close", this.#onGone);
  }

  /** Forgets the first `length` bytes and returns the others. */
  consume(length: number): Buffer {
    return (this.#held = this.#held.subarray(length));
  }

  /** Stops reading and puts what is held back into the socket, for whoever reads it next. */
  giveBack(): void {
    this.stop();
    if (this.#held.length > 0) this.#socket.unshift(this.#held);
  }

  /** Stops reading; what is held is lost. */
  stop(): void {
    this.#socket.off("readable", this.#onReadable);
    this.#socket.off("end", this.#onGone);
    this.#socket.off("close", this.#onGone);
  }

  readonly #onReadable = (): void => {
    if (this.#held.length >= MaxHeldBytes) return;
    const chunk: Buffer | null = this.#socket.read();
    if (chunk === null) return;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#reader.onBytes(this.#held);
  };

  readonly #onGone = (): void => {
    this.stop();
    this.#reader.onGone();
  };
}
