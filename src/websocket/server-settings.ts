import type { ListenerOptions } from "../transport/listener.ts";
import type { ServerCertificate } from "../transport/tls-server.ts";
import type { AdmissionLimits } from "./admission.ts";
import { DefaultServerOptions, type ServerTls, type WebSocketServerOptions } from "./server-options.ts";

/** How many WebSockets a server with `options` may have. */
export function admissionLimits<Data>(options: WebSocketServerOptions<Data>): AdmissionLimits {
  return {
    maxStreams: options.maxConnections ?? DefaultServerOptions.maxConnections,
    maxStreamsPerConnection:
      options.maxConnectionsPerHttp2Connection ?? DefaultServerOptions.maxConnectionsPerHttp2Connection,
    maxStreamsPerAddress: options.maxConnectionsPerAddress,
    openingRate: options.openingRate,
  };
}

/** What an own listener of a server with `options` is set to. */
export function listenerOptions<Data>(
  options: WebSocketServerOptions<Data>,
  nextConnectionId: () => number,
): ListenerOptions {
  const { tls, proxyProtocol, protocols = DefaultServerOptions.protocols } = options;
  const certificates = tls === undefined ? undefined : [tls].flat().map(serverCertificate);
  return {
    name: "websocket",
    tls: certificates && { certificates, protocols },
    protocols,
    proxyProtocol,
    http2: { ...DefaultServerOptions.http2, ...options.http2 },
    headers: { ...DefaultServerOptions.headers, ...options.headers },
    deadlines: { ...DefaultServerOptions.deadlines, ...options.deadlines },
    nextConnectionId,
  };
}

function serverCertificate({ certificate, key, serverNames, clientCertificates }: ServerTls): ServerCertificate {
  return { certificate, key, serverNames: serverNames ?? [], clientCertificates };
}
