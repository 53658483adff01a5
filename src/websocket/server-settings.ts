import type { ListenerOptions } from "../transport/listener.ts";
import type { ServerCertificate } from "../transport/tls-server.ts";
import type { AcceptorDeadlines, HeaderLimits } from "../transport/transport-limits.ts";
import type { AdmissionLimits } from "./admission.ts";
import { pemText } from "./pem.ts";
import { DefaultServerOptions, type ServerTls, type ServerRules } from "./server-options.ts";
import { withDefaults } from "./with-defaults.ts";

/** How many WebSockets a server with `options` may have. */
export function admissionLimits(options: ServerRules): AdmissionLimits {
  return {
    maxStreams: options.maxConnections ?? DefaultServerOptions.maxConnections,
    maxStreamsPerConnection:
      options.maxConnectionsPerHttp2Connection ?? DefaultServerOptions.maxConnectionsPerHttp2Connection,
    maxStreamsPerAddress: options.maxConnectionsPerAddress ?? DefaultServerOptions.maxConnectionsPerAddress,
    openingRate: options.openingRate,
  };
}

/** What is the same for own listeners and for servers that others run. */
export function acceptorSettings({ headers, deadlines }: ServerRules): {
  readonly headers: HeaderLimits;
  readonly deadlines: AcceptorDeadlines;
} {
  return {
    headers: withDefaults(DefaultServerOptions.headers, headers),
    deadlines: withDefaults(DefaultServerOptions.deadlines, deadlines),
  };
}

/** What an own listener of a server with `options` is set to. */
export function listenerOptions(options: ServerRules, nextConnectionId: () => number): ListenerOptions {
  const { tls, proxyProtocol, protocols = DefaultServerOptions.protocols } = options;
  const certificates = tls === undefined ? undefined : [tls].flat().map(serverCertificate);
  return {
    name: "websocket",
    tls: certificates && { certificates, protocols },
    protocols,
    proxyProtocol,
    http2: withDefaults(DefaultServerOptions.http2, options.http2),
    ...acceptorSettings(options),
    nextConnectionId,
  };
}

function serverCertificate({ certificate, key, serverNames, clientCertificates }: ServerTls): ServerCertificate {
  return {
    certificate: pemText(certificate),
    key: pemText(key),
    serverNames: serverNames ?? [],
    clientCertificates: clientCertificates && { ...clientCertificates, ca: pemText(clientCertificates.ca) },
  };
}
