import { z } from "zod";
import { comparableHost, tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { HostPort } from "./config.ts";

/** An upstream's address as written: scheme and where it leads. `path` of a unix socket may be relative. */
export type WrittenAddress =
  | ({ readonly scheme: "http" | "https" | "ws" | "wss"; readonly url: string; readonly authority: string } & HostPort)
  | { readonly scheme: "http+unix" | "ws+unix"; readonly path: string };

const DefaultPort = { http: 80, https: 443, ws: 80, wss: 443 } as const;
const TcpSchemes = ["http", "https", "ws", "wss"] as const;

/** `text` as `host:port` or `[IPv6]:port`, or `undefined` if it is neither; the port must be there. */
export function tryHostPort(text: string): HostPort | undefined {
  const authority = tryAuthority(text);
  return authority?.port === undefined ? undefined : { host: authority.host, port: authority.port };
}

/**
 * `text` as `http://host[:port]`, `https://…`, `ws://…`, `wss://…`, `http+unix:path` or `ws+unix:path`, or `undefined` if
 * it is none of them. A path, query, fragment or user is none: the client's path goes to the upstream as it is.
 */
export function tryUpstreamAddress(text: string): WrittenAddress | undefined {
  const [, kind, socket] = /^(http|ws)\+unix:(?:\/\/(?=\/))?(?!\/\/)([^?#]+)$/.exec(text) ?? [];
  if (socket !== undefined) return { scheme: kind === "ws" ? "ws+unix" : "http+unix", path: socket };
  const scheme = TcpSchemes.find((one) => text.startsWith(`${one}://`));
  if (scheme === undefined || !/^[a-z]+:\/\/[^/]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const authority = tryAuthority(url.host);
  if (authority === undefined || url.port === "0" || url.href !== `${scheme}://${url.host}/`) return undefined;
  const port = authority.port ?? DefaultPort[scheme];
  return { scheme, host: authority.host, port, authority: url.host, url: `${scheme}://${url.host}` };
}

/** Says whether an upstream with such an address takes ordinary requests beside WebSockets. */
export function takesRequests({ scheme }: WrittenAddress): boolean {
  return scheme.startsWith("http");
}

/** Says whether connections to such an address are secured with TLS. */
export function hasTls({ scheme }: WrittenAddress): boolean {
  return scheme === "https" || scheme === "wss";
}

/** Says whether `text` is an IPv4 or IPv6 address, the latter without brackets and zone. */
export function isIpAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success;
}

/** Says whether `text` is a network in CIDR notation, such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  // zod takes a prefix length with a fraction.
  return /\/\d+$/.test(text) && (z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success);
}

/** Says whether only this machine reaches `host`: `localhost` or a loopback address. */
export function isLoopback(host: string): boolean {
  const comparable = comparableHost(host);
  return comparable === "localhost" || comparable === "::1" || (isIpAddress(host) && host.startsWith("127."));
}
