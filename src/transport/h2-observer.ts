/** Who says it: `sent` is what went to the client. */
export type H2Direction = "sent" | "received";

/**
 * Told of the wire of the HTTP/2 server connections of a listener; `code` is an error code (RFC 9113 §7), as it was on the wire.
 * Must not throw.
 */
export interface H2Observer {
  /** RST_STREAM on a stream that was open, or instead of one. */
  reset(direction: H2Direction, code: number): void;
  /** GOAWAY. Those of one goodbye (RFC 9113 §6.8), which have the same code, are told once. */
  goAway(direction: H2Direction, code: number): void;
  /** Something had to wait, since the window of its stream or of the connection was used up. */
  stalled(): void;
  /** A connection is gone; `mostStreams` were open on it at once. */
  over(mostStreams: number): void;
}
