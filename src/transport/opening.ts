import type {
  FieldLines,
  OpeningAnswer,
  OpeningRejection,
  OpeningRequest,
} from "../protocol/handshake/opening-request.ts";
import type { Readable } from "node:stream";
import type { ByteStream } from "./byte-stream.ts";
import type { ConnectionAbuse } from "./connection-abuse.ts";

/** What is known of the TCP connection under an {@link Opening} or an {@link HttpExchange}. */
export interface ConnectionFacts {
  /** Counts up from 1 within the process. */
  readonly id: number;
  /** Name of the listener that took it. */
  readonly listener: string;
  readonly httpVersion: "1.1" | "2";
  readonly secure: boolean;
  /** IP address of the client: as the PROXY header says it, else as the socket knows it; empty where it had left before. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** `undefined` on cleartext. */
  readonly tls: TlsFacts | undefined;
}

/** What the TLS handshake of a connection told. */
export interface TlsFacts {
  /** The server name (SNI), where one was sent; lower case. */
  readonly serverName: string | undefined;
  /** The certificate the client showed, if it did and it was verified. */
  readonly clientCertificate: ClientCertificate | undefined;
  /**
   * Whether a request for `host` (without port) may be answered on this connection: whether a handshake that named it would
   * have led to the same certificate and the same rule about client certificates. If not, the answer is 421.
   */
  reaches(host: string): boolean;
}

/** Who a client is by its certificate. */
export interface ClientCertificate {
  /** Distinguished name of the subject, in the form of RFC 4514 that `X509Certificate` gives, on one line. */
  readonly subject: string;
  /** SHA-256 over the DER, lower-case hex without colons. */
  readonly fingerprint: string;
  /** The certificate itself, DER. */
  readonly raw: Uint8Array;
}

/**
 * A client asks for a WebSocket, over either HTTP version, and waits for one answer. The first of `accept` and `reject`
 * counts; a later call, or one after `onGone`, does nothing (`accept` then returns a stream that is already closed).
 * The acceptor's own deadline rejects with 504 what nobody answers, and tells `onGone`.
 */
export interface Opening {
  readonly request: OpeningRequest;
  readonly connection: ConnectionFacts;
  /** RFC 9113 stream identifier; 0 on HTTP/1.1. */
  readonly streamId: number;
  /** Must not throw. Called at most once, when the client left or the deadline passed before the answer. Set it before you wait. */
  onGone: ((reason: OpeningGone) => void) | undefined;
  /**
   * Sends the answer. Bytes the client sent early are the first the stream delivers.
   *
   * @throws TypeError for an invalid field line; nothing has been sent then.
   */
  accept(answer: OpeningAnswer): ByteStream;
  /** Sends the refusal. On HTTP/1.1 it closes the connection and drops early bytes; on HTTP/2 it ends the stream alone. */
  reject(rejection: OpeningRejection): void;
}

/** Why an {@link Opening} ended without an answer of ours: the client left it, or the answer deadline passed. */
export type OpeningGone = "client-left" | "deadline";

/** An ordinary HTTP request, over either version, and the one answer it gets. */
export interface HttpExchange {
  readonly method: string;
  /** Path and query; `*` where OPTIONS asks about the server itself. */
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly connection: ConnectionFacts;
  /** RFC 9113 stream identifier; 0 on HTTP/1.1. */
  readonly streamId: number;
  /**
   * The request's content as it comes, or `undefined` where it has none. It is not read before somebody does, so a client
   * cannot send ahead more than its window; the first read sends 100 where the client waits for it. It ends with an error if
   * the client leaves within. Nobody has to read it: what is left of it behind the answer is dropped.
   */
  readonly body: Readable | undefined;
  /** Must not throw. Told at most once: the client left, or a deadline passed, before the answer was complete. */
  onGone: ((reason: OpeningGone) => void) | undefined;
  /** Sends an interim response (103 …; never 100 or 101). Nothing once the answer has begun, or to a client of HTTP/1.0. */
  inform(status: number, fields: FieldLines): void;
  /**
   * Sends the whole answer (no body for HEAD); `content-length` is set here. Nothing if an answer has begun.
   *
   * @throws TypeError for an invalid field line or a status outside 200–599; nothing has been sent then.
   */
  respond(answer: { readonly status: number; readonly fields: FieldLines; readonly body: Uint8Array | string }): void;
  /**
   * Begins an answer whose content comes in parts. `content-length` in `fields` is the author's promise and is sent as it
   * is: an answer that breaks it is cut off. Hop-by-hop fields are left out. If an answer has begun, or the client is gone,
   * what is written goes nowhere.
   *
   * @throws TypeError for an invalid field line, a length that is none, or a status outside 200–599; nothing has been sent then.
   */
  begin(answer: { readonly status: number; readonly fields: FieldLines }): ResponseBody;
  /** Cuts it off, as `ResponseBody.abort`, also where no answer has begun. Nothing once the answer is complete. */
  abort(): void;
}

/** The content of an answer on its way to the client. After `end` or `abort` every call does nothing. */
export interface ResponseBody {
  /** Must not throw. Told when a full body takes bytes again. */
  onDrain: (() => void) | undefined;
  /** Takes `bytes` over; returns whether to go on, or wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** The content is complete. Trailers are left out where they cannot be sent. */
  end(trailers?: FieldLines): void;
  /** Cuts it off so that the client can tell: RST_STREAM on HTTP/2, the connection's end on HTTP/1.1. */
  abort(): void;
}

/** Requests the transport refuses by itself, as a closed union for the counters. */
export type TransportRefusal =
  // Grammar, framing, missing or doubled fields, CONNECT with content-length, pipelined Upgrade.
  | "malformed" // 400, 405, 417 or 501; without an answer where the HTTP/2 connection broke a rule
  | "header-size" // 431: the fields are larger, or more, than the limits say
  | "version" // 426 on HTTP/1.1, 400 on HTTP/2
  | "not-websocket" // 501: a CONNECT that is not for websocket
  // Not of an Opening or an HttpExchange, whose owner is told itself.
  | "deadline" // 408, or a silent close where no answer can be sent
  | "draining"; // 503: requests and streams that come after `refuseNew`

/** Who takes what the acceptors produce. A throwing method costs the one request, never the process. */
export interface AcceptorSink {
  opening(opening: Opening): void;
  exchange(exchange: HttpExchange): void;
  refused(refusal: TransportRefusal, connection: ConnectionFacts): void;
  /** An HTTP/2 connection was ended with ENHANCE_YOUR_CALM: its client has spent the budget for `abuse`. */
  abused(abuse: ConnectionAbuse, connection: ConnectionFacts): void;
  /** Must not throw. Told what another method threw. */
  failed(error: unknown): void;
}
