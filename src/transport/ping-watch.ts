/** What can be seen of an HTTP/2 connection whose frames are read elsewhere. */
export interface WatchedConnection {
  /** Bytes received and sent so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** A figure that changes whenever DATA is received. */
  readonly dataReceived: number;
  readonly openStreams: number;
  /** Whether GOAWAY was said: then no PING is sent any more. */
  readonly isLeaving: boolean;
  /** Sends a PING; `onAnswer` is called when the client has answered it. */
  ping(onAnswer: () => void): void;
}

/** What a {@link PingWatch} finds. */
export type Finding =
  | "well"
  | "slow-block" // a header block took longer than `headersMs`
  | "dead"; // nobody answers

/** How often to look while a header block's time runs. The deadline fires one or two looks late. */
export const LooksPerDeadline = 8;

/** A PING frame: 9 bytes of frame header, 8 of payload (RFC 9113 §6.7). */
const PingBytes = 17;
/** How many times `headersMs` a client with open streams may say nothing at all: radio networks pause for long. */
const SilenceFactor = 6;
/** More than this on its way to the client, and an honest one may come to our PING later than a header block may take. */
const LittleUnreadBytes = 65_536;

/**
 * Finds what node:http2 does not tell of a connection.
 *
 * **A header block that does not get ready in time.** nghttp2 tells of a block when it is whole, and reads the socket
 * natively. From outside one sees how many bytes came, and that nobody can answer a PING between HEADERS and the last
 * CONTINUATION (RFC 9113 §6.10). So where bytes have come that may belong to an unfinished block, a PING must be answered in
 * the block's time. An honest client may answer late: behind its upload, but then DATA is received, which cannot be inside of
 * a block; behind our download, but then bytes are written. In both cases the time begins anew. What the system holds of a
 * download is seen in neither way while a slow client reads it, so behind much of it the time is that of an idle connection,
 * which anybody may have. Behind a pause of the network: then nothing comes, and if a WebSocket would be lost, that is borne
 * for longer.
 *
 * **A connection that is dead.** Over TLS, where a write fails behind the client's reset, node:http2 waits for that write for
 * ever and does not read. So a PING goes out now and then although nothing comes.
 */
export class PingWatch {
  readonly #connection: WatchedConnection;
  readonly #headersMs: number;
  readonly #idleConnectionMs: number;
  /** Bytes up to which all frames are known to be whole. */
  #provenBytes = 0;
  #bytesRead = 0;
  #readAtMs = 0;
  #bytesWritten = 0;
  #writtenAtMs = 0;
  #dataReceived = 0;
  #dataAtMs = 0;
  /** Bytes of ours that the client has read, as its answers prove. */
  #readByClient = 0;
  #askedAtMs: number | undefined;
  #isAsking = false;

  constructor(
    connection: WatchedConnection,
    { headersMs, idleConnectionMs }: { readonly headersMs: number; readonly idleConnectionMs: number },
  ) {
    this.#connection = connection;
    this.#headersMs = headersMs;
    this.#idleConnectionMs = idleConnectionMs;
  }

  /** Looks at the connection; to be called {@link LooksPerDeadline} times per `headersMs`. */
  look(nowMs: number): Finding {
    const { bytesRead, bytesWritten, isLeaving } = this.#connection;
    if (bytesRead !== this.#bytesRead) this.#readAtMs = nowMs;
    this.#bytesRead = bytesRead;
    if (bytesWritten !== this.#bytesWritten) this.#writtenAtMs = nowMs;
    this.#bytesWritten = bytesWritten;
    if (isLeaving) {
      const movedAtMs = Math.max(this.#readAtMs, this.#writtenAtMs);
      return nowMs - movedAtMs < this.#idleConnectionMs ? "well" : "dead";
    }
    this.#askedAtMs ??= nowMs;
    if (this.#isAsking) return this.#judge(nowMs, this.#askedAtMs);
    const isQuietLong = nowMs - this.#askedAtMs >= SilenceFactor * this.#headersMs;
    if (bytesRead !== this.#provenBytes || isQuietLong) this.#ask(nowMs);
    return "well";
  }

  /** Judges a PING that has no answer yet. */
  #judge(nowMs: number, askedAtMs: number): Finding {
    const { dataReceived, openStreams } = this.#connection;
    if (dataReceived !== this.#dataReceived) this.#dataAtMs = nowMs;
    this.#dataReceived = dataReceived;
    const waitedMs = nowMs - Math.max(askedAtMs, this.#writtenAtMs, this.#dataAtMs);
    if (waitedMs < this.#headersMs) return "well";
    if (this.#bytesWritten - this.#readByClient > LittleUnreadBytes) {
      return waitedMs < this.#idleConnectionMs ? "well" : "dead";
    }
    const isSending = nowMs - this.#readAtMs < this.#headersMs / 2;
    if (isSending || openStreams === 0) return "slow-block";
    return waitedMs < SilenceFactor * this.#headersMs ? "well" : "dead";
  }

  #ask(nowMs: number): void {
    const askedAtBytes = this.#bytesRead;
    const writtenBefore = this.#bytesWritten;
    this.#dataReceived = this.#connection.dataReceived;
    this.#isAsking = true;
    this.#askedAtMs = nowMs;
    this.#connection.ping(() => {
      this.#isAsking = false;
      this.#readByClient = writtenBefore;
      // Whether something behind the answer came with it cannot be seen: then the next look asks again.
      const { bytesRead } = this.#connection;
      if (bytesRead === askedAtBytes + PingBytes) this.#provenBytes = bytesRead;
    });
  }
}
