import type {
  FieldLines,
  OpeningAnswer,
  OpeningRejection,
  OpeningRequest,
} from "../protocol/handshake/opening-request.ts";
import type { ByteStream } from "./byte-stream.ts";

/** What is known of the TCP connection under an {@link Opening} or an {@link HttpExchange}. */
export interface ConnectionFacts {
  /** Counts up from 1 within the process. */
  readonly id: number;
  /** Name of the listener that took it. */
  readonly listener: string;
  readonly httpVersion: "1.1" | "2";
  readonly secure: boolean;
  /** IP address of the peer as the socket knows it; empty where the peer had left before it was asked. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** The TLS server name (SNI), where one was sent. */
  readonly serverName: string | undefined;
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
  /** Path and query. */
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly connection: ConnectionFacts;
  /** RFC 9113 stream identifier; 0 on HTTP/1.1. */
  readonly streamId: number;
  /** Sends the whole answer (no body for HEAD); `content-length` is set here. A second call does nothing. */
  respond(answer: { readonly status: number; readonly fields: FieldLines; readonly body: Uint8Array | string }): void;
}

/** Requests the transport refuses by itself, as a closed union for the counters. */
export type TransportRefusal =
  | "malformed" // 400, on HTTP/1.1 also 431; without an answer where the HTTP/2 connection broke a rule: grammar, missing or doubled fields, CONNECT with content-length, pipelined Upgrade
  | "version" // 426 on HTTP/1.1, 400 on HTTP/2
  | "not-websocket" // 501: a CONNECT that is not for websocket
  | "deadline" // 408 or 504, or a silent close where no answer can be sent; not of an Opening, whose owner is told itself
  | "draining"; // 503: requests and streams that come after `refuseNew`

/** Who takes what the acceptors produce. A throwing method costs the one request, never the process. */
export interface AcceptorSink {
  opening(opening: Opening): void;
  exchange(exchange: HttpExchange): void;
  refused(refusal: TransportRefusal, connection: ConnectionFacts): void;
}
