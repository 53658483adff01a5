import type { ClientServer } from "../transport/client-dialer.ts";
import type { HttpProxy } from "../transport/http-proxy.ts";
import { trySecure, type UpstreamAddress, type UpstreamTls } from "../transport/upstream-address.ts";
import { basicAuthorization, type ClientTarget, hostOf, parseUrl } from "./client-url.ts";
import type { ClientTls, ConnectOptions } from "./connect-options.ts";
import { type Pem, pemText } from "./pem.ts";

const HttpSchemes: readonly string[] = ["http:", "https:"];

/** Of the options of a client those that say how a server is reached. */
export type RouteOptions = Pick<ConnectOptions, "protocol" | "tls" | "socketPath" | "proxy" | "proxyTls">;

/**
 * The server of `target` and the way to it.
 *
 * @throws WebSocketError `WS_URL_INVALID` for a proxy that is none, TypeError for one that a unix socket is reached through,
 *   Error of node:tls for a certificate and a key that do not go together.
 */
export function clientServer({ host, port, scheme }: ClientTarget, options: RouteOptions): ClientServer {
  const { protocol = "auto", tls, socketPath, proxy, proxyTls } = options;
  if (proxy !== undefined && socketPath !== undefined)
    throw new TypeError("proxy: none reaches a unix socket, which socketPath is");
  const transport =
    socketPath === undefined ? ({ type: "tcp", host, port } as const) : ({ type: "unix", path: socketPath } as const);
  // On a unix socket the name to look for is still the URL's.
  const address = { transport, tls: scheme === "https" ? upstreamTls(tlsTexts(tls), host) : undefined };
  return { address, proxy: proxy === undefined ? undefined : httpProxy(proxy, proxyTls), protocol };
}

/** What tells connections apart that cannot be shared: where they lead, on what way, who is shown and who is believed. */
export function routeKey({ scheme, host, port }: ClientTarget, options: RouteOptions): string {
  const { protocol, tls, socketPath, proxy, proxyTls } = options;
  const listed = [tlsTexts(tls), tlsTexts(proxyTls)].map(Object.values);
  return JSON.stringify([protocol, scheme, host, port, socketPath, proxy && String(proxy), listed]);
}

function httpProxy(written: string | URL, tls: ClientTls | undefined): HttpProxy {
  const url = parseUrl(written, "proxy", HttpSchemes);
  const isSecure = url.protocol === "https:";
  const host = hostOf(url);
  const port = Number(url.port || (isSecure ? 443 : 80));
  const address: UpstreamAddress = {
    transport: { type: "tcp", host, port },
    tls: isSecure ? upstreamTls(tlsTexts(tls), host) : undefined,
  };
  return { address, secure: trySecure(address), authorization: basicAuthorization(url) };
}

/** {@link ClientTls} with its PEMs as text; each has the same members in the same order. */
type TlsTexts = Readonly<Record<"ca" | "cert" | "key" | "serverName", string | undefined>> & Pick<ClientTls, "verify">;

function tlsTexts({ ca, cert, key, serverName, verify }: ClientTls = {}): TlsTexts {
  const text = (pem: Pem | undefined) => (pem === undefined ? pem : pemText(pem));
  return { ca: text(ca), cert: text(cert), key: text(key), serverName, verify };
}

function upstreamTls(tls: TlsTexts, host: string): UpstreamTls {
  const { ca, cert, key, serverName = host, verify = true } = tls;
  const identity = cert === undefined || key === undefined ? undefined : { certificate: cert, key };
  return { serverName, ca, verify, identity };
}
