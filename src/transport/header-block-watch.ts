/** What can be seen of an HTTP/2 connection whose frames are read elsewhere. */
export interface WatchedConnection {
  /** Bytes received and sent so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** A figure that changes whenever DATA is received. */
  readonly dataReceived: number;
  /** Sends a PING; `onAnswer` is called when the client has answered it. */
  ping(onAnswer: () => void): void;
}

/** A PING frame: 9 bytes of frame header, 8 of payload (RFC 9113 §6.7). */
const PingBytes = 17;

/** How often to look while a header block's time runs. The deadline fires one or two looks late. */
export const LooksPerDeadline = 8;

/** A PING that is not answered, and what was seen at the last look that showed progress. */
interface OpenPing {
  readonly bytesRead: number;
  progressAtMs: number;
  bytesWritten: number;
  dataReceived: number;
}

/**
 * Finds a header block that does not get ready in time, on a connection whose frames only nghttp2 sees: it tells of a block
 * when that is whole, and reads the socket natively. From outside one sees how many bytes came, and that nobody can answer a
 * PING between HEADERS and the last CONTINUATION (RFC 9113 §6.10). So where bytes have come that may belong to an unfinished
 * block, a PING must be answered within the deadline. Nothing is asked of a connection on which nothing comes.
 *
 * An honest client may answer late. Behind its upload: then DATA is received, which cannot be inside of a block. Behind our
 * download: then bytes are written. In both cases the deadline begins anew.
 */
export class HeaderBlockWatch {
  readonly #connection: WatchedConnection;
  readonly #deadlineMs: number;
  /** Bytes up to which all frames are known to be whole. */
  #provenBytes = 0;
  #ping: OpenPing | undefined;

  constructor(connection: WatchedConnection, deadlineMs: number) {
    this.#connection = connection;
    this.#deadlineMs = deadlineMs;
  }

  /** Looks at the connection; call it {@link LooksPerDeadline} times per deadline. Returns whether a block is too slow. */
  isStuck(nowMs: number): boolean {
    const { bytesRead, bytesWritten, dataReceived } = this.#connection;
    const ping = this.#ping;
    if (ping === undefined) {
      if (bytesRead !== this.#provenBytes) this.#ask({ bytesRead, bytesWritten, dataReceived, progressAtMs: nowMs });
      return false;
    }
    if (bytesWritten !== ping.bytesWritten || dataReceived !== ping.dataReceived) {
      Object.assign(ping, { bytesWritten, dataReceived, progressAtMs: nowMs });
      return false;
    }
    return nowMs - ping.progressAtMs >= this.#deadlineMs;
  }

  #ask(ping: OpenPing): void {
    this.#ping = ping;
    this.#connection.ping(() => {
      this.#ping = undefined;
      // Whether something behind the answer came with it cannot be seen: then the next look asks again.
      if (this.#connection.bytesRead === ping.bytesRead + PingBytes) this.#provenBytes = this.#connection.bytesRead;
    });
  }
}
