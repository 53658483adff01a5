/**
 * Field lines as an alternating list: lower-case name, value, name, value … in wire order, repetitions kept
 * (RFC 9110 §5.2). Pseudo-fields of HTTP/2 are not among them.
 */
export type FieldLines = readonly string[];

/** The client's half of an opening handshake: one shape for RFC 6455 §4.1 and RFC 8441 §4. */
export interface OpeningRequest {
  /** `"1.1"`: Upgrade (RFC 6455). `"2"`: Extended CONNECT (RFC 8441). */
  readonly httpVersion: "1.1" | "2";
  /** `https` where the client's connection is TLS, whatever the client wrote. */
  readonly scheme: "http" | "https";
  /** The `Host` field or `:authority`, as received: host and optional port, never empty. */
  readonly authority: string;
  /** Path and query, begins with `/`. */
  readonly path: string;
  /** Subprotocols offered, in the client's order; empty if none. */
  readonly subprotocols: readonly string[];
  /** The value of `Sec-WebSocket-Extensions`, repeated lines joined by `, `; empty if none was offered. */
  readonly extensions: string;
  /** Every field line of the request as received, including those read above. */
  readonly fields: FieldLines;
}

/** The yes to an {@link OpeningRequest}: 101 on HTTP/1.1, 200 on HTTP/2. */
export interface OpeningAnswer {
  /** One of the offered subprotocols, or `undefined` for none. */
  readonly subprotocol?: string | undefined;
  /** The value of `Sec-WebSocket-Extensions`, or `undefined` for none. */
  readonly extensions?: string | undefined;
  /** Further field lines for the client, without hop-by-hop and without `Sec-WebSocket-*`. */
  readonly fields?: FieldLines;
}

/** The no to an {@link OpeningRequest}: an ordinary final HTTP response, the same on both HTTP versions. */
export interface OpeningRejection {
  /** 300–599. */
  readonly status: number;
  /** Field lines without hop-by-hop ones and without `content-length`, which the acceptor derives from `body`. */
  readonly fields: FieldLines;
  readonly body: Uint8Array | string;
}
