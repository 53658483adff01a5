import { cookiesOf, fieldValues } from "../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningRequest } from "../protocol/handshake/opening-request.ts";
import type { TlsFacts } from "../transport/opening.ts";

/** Who is at the other end of the transport. */
export interface Peer {
  /** IP address; empty on a unix socket. */
  readonly address: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** What the TLS handshake told, or `undefined` on cleartext. The certificate is a client's, and only a server sees one. */
  readonly tls: Pick<TlsFacts, "serverName" | "clientCertificate"> | undefined;
}

/** The opening handshake of a WebSocket, as the client asked for it, and who is at the other end. */
export class WebSocketRequest<Data = unknown> implements OpeningRequest {
  readonly httpVersion: "1.1" | "2";
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly path: string;
  readonly subprotocols: readonly string[];
  readonly extensions: string;
  readonly fields: FieldLines;
  readonly peer: Peer;
  /** What `authorize` of a server gave for it; the application's own from then on. */
  data: Data;
  #url: URL | undefined;
  #cookies: ReadonlyMap<string, string> | undefined;

  constructor(request: OpeningRequest, peer: Peer, data: Data) {
    this.httpVersion = request.httpVersion;
    this.scheme = request.scheme;
    this.authority = request.authority;
    this.path = request.path;
    this.subprotocols = request.subprotocols;
    this.extensions = request.extensions;
    this.fields = request.fields;
    this.peer = peer;
    this.data = data;
  }

  /**
   * The `ws:` or `wss:` URL asked for (RFC 6455 §3).
   *
   * @throws TypeError where the authority has the form of a host and is none, like `1.2.3.400`.
   */
  get url(): URL {
    this.#url ??= new URL(`${this.scheme === "https" ? "wss" : "ws"}://${this.authority}${this.path}`);
    return this.#url;
  }

  /** The cookies sent, undecoded; of those with the same name the first (RFC 6265 §5.4: the most specific). */
  get cookies(): ReadonlyMap<string, string> {
    this.#cookies ??= cookiesOf(this.fields);
    return this.#cookies;
  }

  /** The value of the field `name`, in any case; repeated lines joined by `, `. `undefined` where there is none. */
  field(name: string): string | undefined {
    const values = fieldValues(this.fields, name.toLowerCase());
    return values.length === 0 ? undefined : values.join(", ");
  }
}
