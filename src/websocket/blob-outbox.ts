import { CloseCode } from "../protocol/close-code.ts";
import { WebSocketError } from "../protocol/errors.ts";
import type { HandledConnection } from "./handler.ts";
import { WaitingBytes } from "./sender.ts";

/**
 * Sends Blobs among other messages, in the order of the calls: a Blob tells its bytes only later, so what is sent behind it
 * waits for it, and a Close too.
 */
export class BlobOutbox {
  readonly #connection: HandledConnection;
  readonly #maxWaitingBytes: number;
  #waitingMessages = 0;
  #waitingBytes = 0;
  #tail: Promise<unknown> = Promise.resolve();

  /** @param maxWaitingBytes - what may wait, each message counted as 1 KiB more than it has. */
  constructor(connection: HandledConnection, maxWaitingBytes: number) {
    this.#connection = connection;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /**
   * Sends `message`, whose bytes are copied. Settles as `HandledConnection.send` does; with `WS_BUFFER_FULL` and Close 1013
   * also where too much would wait for a Blob; and rejects for a Blob that cannot be read, with Close 1011.
   */
  async send(message: string | Uint8Array | Blob): Promise<void> {
    if (this.#waitingMessages === 0 && !(message instanceof Blob)) {
      await this.#connection.send(message);
      return;
    }
    const bytes = sizeOf(message) + WaitingBytes;
    this.#refuseOverflow(bytes);
    this.#waitingMessages += 1;
    this.#waitingBytes += bytes;
    const sent = this.#sendBehind(this.#tail, message instanceof Uint8Array ? message.slice() : message);
    this.#tail = sent.catch(() => {});
    try {
      await sent;
    } finally {
      this.#waitingMessages -= 1;
      this.#waitingBytes -= bytes;
    }
  }

  /** Begins the closing handshake behind what was sent. */
  close(code: number, reason: string): void {
    if (this.#waitingMessages === 0) void this.#connection.close(code, reason);
    else void this.#tail.then(() => this.#connection.close(code, reason));
  }

  #refuseOverflow(bytes: number): void {
    if (this.#waitingMessages === 0 || this.#waitingBytes + bytes <= this.#maxWaitingBytes) return;
    void this.#connection.close(CloseCode.TryAgainLater);
    throw new WebSocketError("WS_BUFFER_FULL", `${this.#waitingBytes} bytes wait for a Blob already`, {
      origin: "caller",
    });
  }

  async #sendBehind(before: Promise<unknown>, message: string | Uint8Array | Blob): Promise<void> {
    await before;
    await this.#connection.send(message instanceof Blob ? await this.#bytesOf(message) : message);
  }

  async #bytesOf(blob: Blob): Promise<Uint8Array> {
    try {
      return new Uint8Array(await blob.arrayBuffer());
    } catch (error) {
      void this.#connection.close(CloseCode.InternalError);
      throw error;
    }
  }
}

/** Bytes of payload, of a string in UTF-8. */
export function sizeOf(message: string | Uint8Array | Blob): number {
  if (typeof message === "string") return Buffer.byteLength(message);
  return message instanceof Blob ? message.size : message.byteLength;
}
