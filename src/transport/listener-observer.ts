import type { H2Observer } from "./h2-observer.ts";
import type { ConnectionFacts } from "./opening.ts";

/** Why a connection never came as far as speaking HTTP. */
export type ConnectionFailure =
  | "tls" // no common version or cipher, or no TLS at all
  | "alpn" // the client speaks no protocol of this listener
  | "client-certificate" // the client showed none where one is required, or one that is not believed
  | "proxy-protocol" // a trusted proxy sent no PROXY header in time, or a broken one
  | "limit" // as many connections in all as may be
  | "address-limit" // as many of that client address as may be
  | "deadline" // its turn, the handshake or the first bytes took longer than `handshakeMs`
  | "client-left" // gone before that
  | "accept"; // hardly a file descriptor is left, or the system could not accept it

/** Must not throw. What a listener tells of its connections. A connection is opened and closed, or it failed. */
export interface ListenerObserver {
  /** @param tlsMs - from the ClientHello to the end of the handshake, its turn awaited; `undefined` on cleartext. */
  connectionOpened(connection: ConnectionFacts, tlsMs?: number): void;
  connectionClosed(connection: ConnectionFacts): void;
  connectionFailed(listener: string, reason: ConnectionFailure): void;
  /** Asked once for each set of options: who is told of the HTTP/2 connections of `listener`. */
  http2?(listener: string): H2Observer;
}
