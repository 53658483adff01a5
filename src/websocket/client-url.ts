import { WebSocketError } from "../protocol/errors.ts";
import { formatAuthority, tryAuthority } from "../protocol/handshake/request-target.ts";

/** Where a `ws:` or `wss:` URL leads (RFC 6455 §3). */
export interface ClientTarget {
  readonly url: URL;
  readonly scheme: "http" | "https";
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The `Host` field: with the port where it is not the scheme's own. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** The value of Authorization that the URL's user and password make; `undefined` where it has none. */
  readonly authorization: string | undefined;
}

const SecureOf: Readonly<Record<string, boolean>> = { "ws:": false, "http:": false, "wss:": true, "https:": true };

/** What no user name or password may have: it would make another one of them, or none (RFC 7617 §2). */
// eslint-disable-next-line no-control-regex
const NotInCredentials = /[\0-\x1f\x7f]/;

/**
 * Reads a URL as the WebSockets Standard does: `http:` and `https:` stand for `ws:` and `wss:`, and there is no fragment. A
 * user and password become `Authorization: Basic`.
 *
 * @throws WebSocketError `WS_URL_INVALID` with origin `caller`.
 */
export function parseClientUrl(written: string | URL): ClientTarget {
  const url = tryUrl(written);
  const isSecure = url && SecureOf[url.protocol];
  if (url === undefined || isSecure === undefined) throw invalid("not an absolute URL with the scheme ws or wss");
  // `hash` does not tell an empty fragment from none.
  if (url.href.includes("#")) throw invalid("a URL of a WebSocket has no fragment");
  const host = hostOf(url);
  const standardPort = isSecure ? 443 : 80;
  const port = url.port === "" ? standardPort : Number(url.port);
  const authority = formatAuthority({ host, port: port === standardPort ? undefined : port });
  // A URL may have hosts that no Host field has, such as a!b.
  if (tryAuthority(authority) === undefined) throw invalid("a URL with a host that is none");
  return {
    url,
    scheme: isSecure ? "https" : "http",
    host,
    port,
    authority,
    path: `${url.pathname}${url.search}`,
    authorization: basicAuthorization(url),
  };
}

/** `written` as a URL, or `undefined` for what is not absolute and for a user or password that cannot be sent. */
export function tryUrl(written: string | URL): URL | undefined {
  const url = URL.parse(String(written));
  if (url === null) return undefined;
  try {
    const user = decodeURIComponent(url.username);
    return user.includes(":") || NotInCredentials.test(user + decodeURIComponent(url.password)) ? undefined : url;
  } catch {
    return undefined;
  }
}

/** The host of `url` without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** The value of Authorization, or of Proxy-Authorization, that user and password of `url` make (RFC 7617), as UTF-8. */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** Whether two targets are of one origin: then what is secret may be told to both. */
export function isSameOrigin(a: ClientTarget, b: ClientTarget): boolean {
  return a.scheme === b.scheme && a.host === b.host && a.port === b.port;
}

function invalid(rule: string): WebSocketError {
  return new WebSocketError("WS_URL_INVALID", rule, { origin: "caller" });
}
