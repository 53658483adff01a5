import { connect, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import type { SocketEvents } from "./socket-events.ts";
import { KeepAliveMs } from "./transport-limits.ts";

/** Where an upstream listens. */
export interface UpstreamAddress {
  readonly transport:
    | { readonly type: "tcp"; readonly host: string; readonly port: number }
    | { readonly type: "unix"; readonly path: string };
  /** TLS on top, or `undefined` for none. */
  readonly tls: UpstreamTls | undefined;
}

/** How TLS to an upstream is made, and what its certificate is held against. */
export interface UpstreamTls {
  /** Sent as SNI and looked for in the certificate; `undefined` for the host, and `localhost` on a unix socket. */
  readonly serverName: string | undefined;
  /** The authorities believed, as PEM text, instead of those Node comes with. What is no PEM is read over, and believes none. */
  readonly ca: string | undefined;
  /** `false` takes any certificate. */
  readonly verify: boolean;
  /** The certificate and key that are shown where the other side asks, as PEM text; absent: none. */
  readonly identity?: { readonly certificate: string; readonly key: string } | undefined;
}

/** How a socket is made, wherever it leads. */
type SocketOptions = Pick<
  TcpNetConnectOpts,
  "allowHalfOpen" | "noDelay" | "keepAlive" | "keepAliveInitialDelay" | "onread"
>;

/** Begins TLS on a connected socket; the socket it returns emits `secureConnect`. */
export type Secure = (connection: Socket) => TLSSocket;

/**
 * Begins to connect to `address`, without its TLS. The socket sends without delay, and finds out a host that is gone; it
 * reads as `events` says, which watches it, and with a buffer may end one half at a time.
 *
 * @param sourceAddress - the IP address of this machine to connect from; without it the system chooses.
 */
export function connectTo(
  { transport }: UpstreamAddress,
  sourceAddress: string | undefined,
  events: SocketEvents,
): Socket {
  const { onread } = events;
  const allowHalfOpen = onread !== undefined;
  const options = { allowHalfOpen, noDelay: true, keepAlive: true, keepAliveInitialDelay: KeepAliveMs, onread };
  const socket = connectWith(transport, sourceAddress, options);
  events.watch(socket);
  return socket;
}

function connectWith(
  transport: UpstreamAddress["transport"],
  sourceAddress: string | undefined,
  options: SocketOptions,
): Socket {
  if (transport.type === "unix") return connect({ ...options, path: transport.path });
  const { host, port } = transport;
  if (sourceAddress === undefined) return connect({ ...options, host, port });
  // Of the addresses of a host name only those can be reached from it that are of its family.
  return connect({ ...options, host, port, localAddress: sourceAddress, family: isIP(sourceAddress) });
}

/** The server name that is sent to `address`; `undefined` without TLS, and where it is an IP address (RFC 6066 §3). */
export function sentServerName({ transport, tls }: UpstreamAddress): string | undefined {
  const name = tls && expectedName({ transport, tls });
  return name === undefined || isIP(name) !== 0 ? undefined : name;
}

/** The name or address that is looked for in the certificate. */
function expectedName({ transport, tls }: { transport: UpstreamAddress["transport"]; tls: UpstreamTls }): string {
  return tls.serverName ?? (transport.type === "tcp" ? transport.host : "localhost");
}

/**
 * What puts TLS on connections to `address`, or `undefined` where it has none. It is made once for all connections: they share
 * a context, and each offers to resume the last session the upstream gave.
 *
 * @param protocols - offered by ALPN, the preferred first.
 * @throws Error of node:tls for an identity that cannot be used.
 */
export function trySecure(
  { transport, tls }: UpstreamAddress,
  protocols: readonly string[] = ["http/1.1"],
): Secure | undefined {
  if (tls === undefined) return undefined;
  const { certificate, key } = tls.identity ?? {};
  const secureContext = createSecureContext({ ca: tls.ca, cert: certificate, key });
  const name = expectedName({ transport, tls });
  const identity = isIP(name) === 0 ? { servername: name } : { host: name };
  const options = { ...identity, secureContext, rejectUnauthorized: tls.verify, ALPNProtocols: [...protocols] };
  let session: Buffer | undefined;
  return (connection) => {
    const offered = session;
    const socket = connectTls({ ...options, session: offered, socket: connection });
    // Told only once the certificate has been found good, which nobody looks at again when a session is resumed.
    socket.on("session", (given: Buffer) => {
      session = given;
    });
    // Whatever went wrong, the next connection begins anew.
    socket.once("error", () => {
      if (session === offered) session = undefined;
    });
    return socket;
  };
}
