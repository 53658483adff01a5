/** What a {@link HeaderBlockWatch} sees of an HTTP/2 connection. */
export interface WatchedConnection {
  /** Bytes received so far. */
  readonly bytesRead: number;
  /** Sends a PING; `onAnswer` is called when the client has answered it. */
  ping(onAnswer: () => void): void;
}

/** A PING frame: 9 bytes of frame header, 8 of payload (RFC 9113 §6.7). */
const PingBytes = 17;
/** More than any header block nghttp2 reads to its end: HEADERS and at most 8 CONTINUATIONs of 16 KiB each. */
const MaxBlockBytes = 163_840;
/** Looks in the time that a header block may take. The deadline fires at most one look late. */
export const LooksPerDeadline = 4;

/**
 * Finds a header block that does not get ready in time, on a connection whose frames only nghttp2 sees. It tells of a block
 * when that is whole, and it reads the socket natively; what can be seen from outside is the number of bytes received, and
 * that nobody can answer a PING between HEADERS and the last CONTINUATION (RFC 9113 §6.10): so when bytes have come that may
 * belong to an unfinished block, a PING must be answered within the deadline. Any other frame that dribbles is found alike.
 *
 * An upload may keep the answer behind what the client has queued before. It shows in the bytes received, which soon are
 * more than a block can have, and then the deadline begins anew. A connection on which nothing comes is not pinged.
 */
export class HeaderBlockWatch {
  readonly #connection: WatchedConnection;
  readonly #deadlineMs: number;
  /** Bytes up to which all frames are known to be whole. */
  #provenBytes = 0;
  #ping: { sentAtMs: number; bytesRead: number } | undefined;

  constructor(connection: WatchedConnection, deadlineMs: number) {
    this.#connection = connection;
    this.#deadlineMs = deadlineMs;
  }

  /** Looks at the connection; call it {@link LooksPerDeadline} times per deadline. Returns whether a block is too slow. */
  isStuck(nowMs: number): boolean {
    const { bytesRead } = this.#connection;
    const ping = this.#ping;
    if (ping === undefined) {
      if (bytesRead !== this.#provenBytes) this.#send(nowMs, bytesRead);
      return false;
    }
    if (bytesRead - ping.bytesRead > MaxBlockBytes) {
      this.#ping = { sentAtMs: nowMs, bytesRead };
      return false;
    }
    return nowMs - ping.sentAtMs >= this.#deadlineMs;
  }

  #send(sentAtMs: number, bytesRead: number): void {
    this.#ping = { sentAtMs, bytesRead };
    this.#connection.ping(() => {
      this.#ping = undefined;
      // Whether something behind the answer came with it cannot be seen: then the next look asks again.
      if (this.#connection.bytesRead === bytesRead + PingBytes) this.#provenBytes = bytesRead + PingBytes;
    });
  }
}
