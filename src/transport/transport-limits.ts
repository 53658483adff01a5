/** Deadlines of the accepting side, in milliseconds. Each fires on silent and on dribbling clients alike. */
export interface AcceptorDeadlines {
  /** TCP accept → PROXY header and TLS done, and on HTTP/2 the preface and the client's SETTINGS read. */
  readonly handshakeMs: number;
  /** One header block: an HTTP/1.1 request head, or HEADERS with its CONTINUATIONs. */
  readonly headersMs: number;
  /** An opening's header block read → its answer. */
  readonly answerMs: number;
  /** An ordinary request read, body and all → its response begun. */
  readonly responseMs: number;
  /**
   * Between two parts of a body, of a request or a response, while the other side waits for the next one to be sent or
   * taken.
   */
  readonly bodyIdleMs: number;
  /** A connection on which no request or stream is open; also an answer, or a farewell, that the client does not take. */
  readonly idleConnectionMs: number;
}

/** How long a silent TCP connection is trusted before its host is asked whether it still has it, in milliseconds. */
export const KeepAliveMs = 60_000;

/** How large the fields of a request may be, on either HTTP version; more is answered 431. */
export interface HeaderLimits {
  /** As HTTP/2 counts it (RFC 9113 §6.5.2): name, value and 32 bytes for each field line. */
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
}

/** A storm of clients waits in the system; one that has no place there tries again a second later. */
export const AcceptBacklog = 4_096;
