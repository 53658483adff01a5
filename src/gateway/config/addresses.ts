import { z } from "zod";
import { tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { HostPort } from "./config.ts";

/** An upstream's address as written: scheme and where it leads. `path` of a unix socket may be relative. */
export type WrittenAddress =
  | ({ readonly scheme: "ws" | "wss"; readonly url: string; readonly authority: string } & HostPort)
  | { readonly scheme: "ws+unix"; readonly path: string };

const DefaultPort = { ws: 80, wss: 443 } as const;

/** `text` as `host:port` or `[IPv6]:port`, or `undefined` if it is neither; the port must be there. */
export function tryHostPort(text: string): HostPort | undefined {
  const authority = tryAuthority(text);
  return authority?.port === undefined ? undefined : { host: authority.host, port: authority.port };
}

/**
 * `host` as hosts are compared: lower case and without the final dot of a fully qualified name, which some clients send
 * (RFC 9110 §4.2.3, RFC 3986 §3.2.2).
 */
export function comparableHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

/**
 * `text` as `ws://host[:port]`, `wss://host[:port]` or `ws+unix:path`, or `undefined` if it is none of them. A path,
 * query, fragment or user is none: the client's path goes to the upstream as it is.
 */
export function tryUpstreamAddress(text: string): WrittenAddress | undefined {
  const socket = /^ws\+unix:(?:\/\/(?=\/))?(?!\/\/)([^?#]+)$/.exec(text)?.[1];
  if (socket !== undefined) return { scheme: "ws+unix", path: socket };
  if (!/^wss?:\/\/[^/]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const scheme = url.protocol === "wss:" ? "wss" : "ws";
  const authority = tryAuthority(url.host);
  if (authority === undefined || url.port === "0" || url.href !== `${scheme}://${url.host}/`) return undefined;
  const port = authority.port ?? DefaultPort[scheme];
  return { scheme, host: authority.host, port, authority: url.host, url: `${scheme}://${url.host}` };
}

/** Says whether `text` is an IPv4 or IPv6 address, the latter without brackets and zone. */
export function isIpAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success;
}

/** Says whether `text` is a network in CIDR notation, such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  return z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success;
}

/** Says whether only this machine reaches `host`: `localhost` or a loopback address. */
export function isLoopback(host: string): boolean {
  const comparable = comparableHost(host);
  return comparable === "localhost" || comparable === "::1" || (isIpAddress(host) && host.startsWith("127."));
}
