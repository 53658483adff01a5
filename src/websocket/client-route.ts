import { WebSocketError } from "../protocol/errors.ts";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import type { ClientRoute, ProxyRoute } from "../transport/client-connection.ts";
import { trySecure, type UpstreamAddress, type UpstreamTls } from "../transport/upstream-address.ts";
import { basicAuthorization, type ClientTarget } from "./client-url.ts";
import type { ClientTls, ConnectOptions } from "./connect-options.ts";

/** The ALPN protocols, the preferred first, that each choice of a client offers. */
const Offered = { auto: ["h2", "http/1.1"], h2: ["h2"], h1: ["http/1.1"] } as const;
export type ClientProtocol = keyof typeof Offered;

/**
 * The way to `target`, for each choice of protocols.
 *
 * @throws WebSocketError `WS_URL_INVALID` for a proxy that is none; Error of node:tls for a certificate that cannot be used.
 */
export function clientRoute(
  target: ClientTarget,
  { tls, socketPath, proxy, proxyTls }: ConnectOptions,
): (protocol: ClientProtocol) => ClientRoute {
  const { host, port, scheme } = target;
  const transport =
    socketPath === undefined ? ({ type: "tcp", host, port } as const) : ({ type: "unix", path: socketPath } as const);
  // On a unix socket the name to look for is still the URL's.
  const named = { serverName: host, ...definedOf(tls) };
  const address: UpstreamAddress = { transport, tls: scheme === "https" ? upstreamTls(named) : undefined };
  const through = proxy === undefined ? undefined : proxyRoute(new URL(String(proxy)), target, proxyTls);
  const secures = new Map<ClientProtocol, ClientRoute>();
  return (protocol) => {
    const known = secures.get(protocol);
    if (known !== undefined) return known;
    const route = { address, secure: trySecure(address, Offered[protocol]), proxy: through };
    secures.set(protocol, route);
    return route;
  };
}

/** What tells connections apart that cannot be shared: where they lead, on what way, and who is believed. */
export function routeKey({ scheme, authority }: ClientTarget, options: ConnectOptions): string {
  const { tls, socketPath, proxy, proxyTls } = options;
  return JSON.stringify([scheme, authority, tls, socketPath, proxy && String(proxy), proxyTls]);
}

function proxyRoute(url: URL, { host, port }: ClientTarget, tls: ClientTls | undefined): ProxyRoute {
  const isSecure = url.protocol === "https:";
  if (!isSecure && url.protocol !== "http:") {
    throw new WebSocketError("WS_URL_INVALID", "the URL of a proxy has the scheme http or https", { origin: "caller" });
  }
  const proxyHost = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const proxyPort = Number(url.port || (isSecure ? 443 : 80));
  const address: UpstreamAddress = {
    transport: { type: "tcp", host: proxyHost, port: proxyPort },
    tls: isSecure ? upstreamTls(tls) : undefined,
  };
  const authorization = basicAuthorization(url);
  const fields = authorization === undefined ? [] : ["Proxy-Authorization", authorization];
  return { address, secure: trySecure(address), target: formatAuthority({ host, port }), fields };
}

function upstreamTls({ ca, cert, key, serverName, verify }: ClientTls = {}): UpstreamTls {
  const identity = cert === undefined || key === undefined ? undefined : { certificate: cert, key };
  return { serverName, ca, verify: verify ?? true, identity };
}

function definedOf(tls: ClientTls = {}): ClientTls {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
