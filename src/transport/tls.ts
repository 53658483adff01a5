import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";

/** Certificate chain and private key of a listener, as PEM text. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** A protocol as ALPN names it (RFC 7301, RFC 9113 §3.1). */
export type AlpnProtocol = "h2" | "http/1.1";

/** What a TLS listener is set to. */
export interface TlsServerOptions {
  readonly identity: TlsIdentity;
  /** What is spoken here, preferred first. A client that offers ALPN without any of these gets the alert of RFC 7301 §3.2. */
  readonly protocols: readonly AlpnProtocol[];
  /** TCP accept → handshake done. */
  readonly handshakeMs: number;
}

/** Seconds of silence after which TCP asks whether the peer is still there; in milliseconds. */
const KeepAliveMs = 60_000;

/**
 * What both kinds of listening sockets have: each half ends by itself, small writes leave at once, and a peer that vanished
 * is found.
 */
export const TcpOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KeepAliveMs,
} as const;

/**
 * A TLS server, at least 1.2, that does not listen yet. Its sockets become half-open when the handshake is done: before, one
 * that was would not tell that the client has left.
 */
export function createTlsServer({ identity, protocols, handshakeMs }: TlsServerOptions): Server {
  return createServer({
    ...TcpOptions,
    allowHalfOpen: false,
    cert: identity.certificate,
    key: identity.key,
    minVersion: "TLSv1.2",
    ALPNProtocols: [...protocols],
    handshakeTimeout: handshakeMs,
  });
}

/** Why a handshake failed, from the error of 'tlsClientError'. */
export function handshakeFailure(error: NodeJS.ErrnoException): "alpn" | "deadline" | "client-left" | "tls" {
  switch (error.code) {
    case "ERR_SSL_NO_APPLICATION_PROTOCOL":
      return "alpn";
    case "ERR_TLS_HANDSHAKE_TIMEOUT":
      return "deadline";
    case "ECONNRESET":
    case "EPIPE":
      return "client-left";
    default:
      return "tls";
  }
}

/**
 * Finds the TCP connection under a TLS socket, which node:tls does not tell: by the two addresses, of which no two live
 * connections share both.
 */
export class TlsConnections<Connection> {
  readonly #byAddresses = new Map<string, Connection>();

  /** Remembers what belongs to `tcp` until that closes. */
  add(tcp: Socket, connection: Connection): void {
    const addresses = addressesOf(tcp);
    this.#byAddresses.set(addresses, connection);
    tcp.once("close", () => {
      if (this.#byAddresses.get(addresses) === connection) this.#byAddresses.delete(addresses);
    });
  }

  /** What belongs to the TCP connection under `socket`; `undefined` if the client has gone. */
  find(socket: TLSSocket): Connection | undefined {
    return this.#byAddresses.get(addressesOf(socket));
  }
}

function addressesOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
