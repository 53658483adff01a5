/** Deadlines of the accepting side, in milliseconds. Each fires on silent and on dribbling clients alike. */
export interface AcceptorDeadlines {
  /** TCP accept → TLS done, and on HTTP/2 the preface and the client's SETTINGS read. */
  readonly handshakeMs: number;
  /** One header block: an HTTP/1.1 request head, or HEADERS with its CONTINUATIONs. */
  readonly headersMs: number;
  /** A request's header block read → its answer. */
  readonly answerMs: number;
  /** A connection on which no request or stream is open; also an answer, or a farewell, that the client does not take. */
  readonly idleConnectionMs: number;
}
