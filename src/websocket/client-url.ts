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

/** `http:` and `https:` stand for `ws:` and `wss:` (WebSockets Standard §3.1). */
const SchemeOf: Readonly<Record<string, string>> = { "ws:": "ws:", "http:": "ws:", "wss:": "wss:", "https:": "wss:" };

/** What no user name or password may have: it would make another one of them, or none (RFC 7617 §2). */
// eslint-disable-next-line no-control-regex
const NotInCredentials = /[\0-\x1f\x7f]/;

/**
 * Reads a URL as the WebSockets Standard does (§3.1): its scheme is `ws` or `wss`, also for `http` and `https`, and there is no
 * fragment.
 *
 * @throws WebSocketError `WS_URL_INVALID` with origin `caller`. It does not say what else is in the URL, which may be secret.
 */
export function parseWebSocketUrl(written: string | URL): URL {
  const url = parseUrl(written, "url", Object.keys(SchemeOf));
  // `hash` does not tell an empty fragment from none.
  if (url.href.includes("#")) throw invalid("url has a fragment, and one of a WebSocket has none");
  url.protocol = SchemeOf[url.protocol] ?? url.protocol;
  return url;
}

/**
 * Where {@link parseWebSocketUrl} leads. A user and password become `Authorization: Basic`.
 *
 * @throws WebSocketError `WS_URL_INVALID` with origin `caller`.
 */
export function parseClientUrl(written: string | URL): ClientTarget {
  const url = parseWebSocketUrl(written);
  const isSecure = url.protocol === "wss:";
  const host = hostOf(url);
  const standardPort = isSecure ? 443 : 80;
  const port = url.port === "" ? standardPort : Number(url.port);
  const authority = formatAuthority({ host, port: port === standardPort ? undefined : port });
  // A URL may have hosts that no Host field has, such as a!b.
  if (tryAuthority(authority) === undefined) throw invalid(`url has the host ${JSON.stringify(host)}, which is none`);
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

/**
 * `written` as a URL of its own.
 *
 * @param option - what it was given as.
 * @param schemes - with their colon.
 * @throws WebSocketError `WS_URL_INVALID` for what is not absolute, another scheme, and credentials that cannot be sent.
 */
export function parseUrl(written: string | URL, option: string, schemes: readonly string[]): URL {
  const url = URL.parse(String(written));
  if (url === null) throw invalid(`${option} is no absolute URL`);
  if (!schemes.includes(url.protocol))
    throw invalid(`${option} has the scheme ${url.protocol} and none of ${schemes.join(" ")}`);
  if (!hasSoundCredentials(url)) throw invalid(`${option} has a user or a password that cannot be sent (RFC 7617 §2)`);
  return url;
}

function hasSoundCredentials({ username, password }: URL): boolean {
  try {
    const user = decodeURIComponent(username);
    return !user.includes(":") && !NotInCredentials.test(user + decodeURIComponent(password));
  } catch {
    return false;
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
