import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { ExtensionNegotiator } from "../protocol/message/extension.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { WebSocketHandler } from "./handler.ts";
import type { Pem } from "./pem.ts";

/** TLS of a client. */
export interface ClientTls {
  /** The authorities believed instead of those Node comes with. */
  readonly ca?: Pem | undefined;
  /** The certificate that is shown where the server asks, with its `key`. */
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  /** Sent as SNI and looked for in the certificate; the host of the URL where not given. */
  readonly serverName?: string | undefined;
  /** `false` takes any certificate: whoever sits on the way can be the server then. */
  readonly verify?: boolean | undefined;
}

/** How a client connects, asks, and what its WebSocket may be; times in milliseconds. */
export interface ConnectOptions extends ConnectionOptions {
  /**
   * `h1`: Upgrade (RFC 6455). `h2`: Extended CONNECT (RFC 8441), on `ws:` without asking first; fails with
   * `WS_HTTP2_UNAVAILABLE` where the server has none. `auto`, the default: over TLS what the server prefers, and HTTP/1.1 where
   * its HTTP/2 has no Extended CONNECT; HTTP/1.1 on `ws:`. WebSockets over HTTP/2 to one origin share a connection.
   */
  readonly protocol?: "auto" | "h1" | "h2" | undefined;
  /** Offered in this order. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Offered; none where not given. */
  readonly extensions?: readonly ExtensionNegotiator[] | undefined;
  /**
   * Further field lines of the request: name, value, name, value … What the handshake or a connection writes itself is left
   * out. An Authorization here goes before the user and password of a URL.
   */
  readonly fields?: FieldLines | undefined;
  /** The value of `Origin`; without one there is none. */
  readonly origin?: string | undefined;
  readonly tls?: ClientTls | undefined;
  /** Path of a unix socket to connect to; host and port of the URL are then only named in the request. */
  readonly socketPath?: string | undefined;
  /** `http:` or `https:` URL of a proxy that is asked for a tunnel by CONNECT; its user and password are for the proxy. */
  readonly proxy?: string | URL | undefined;
  /** TLS to an `https:` proxy. */
  readonly proxyTls?: ClientTls | undefined;
  /** From the call to the open WebSocket, name lookup, proxy and redirects included; 30 s where not given. */
  readonly openingMs?: number | undefined;
  /**
   * Redirects that are followed: to `ws:` and `wss:` only, not from `wss:` to `ws:`, and to another origin without Authorization,
   * Cookie, and a certificate and server name of `tls`, and not over `socketPath`. 0 where not given: then each is `WS_REDIRECTED`.
   */
  readonly maxRedirects?: number | undefined;
  /** Gives up until it is open. */
  readonly signal?: AbortSignal | undefined;
  readonly handler?: WebSocketHandler | undefined;
}

/** How long an opening may take where nothing was said, in milliseconds. */
export const DefaultOpeningMs = 30_000;
