/** Host and port of an authority. `host` is without brackets; `port` is `undefined` where none was written. */
export interface Authority {
  readonly host: string;
  readonly port: number | undefined;
}

const AuthorityForm = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[0-9A-Za-z_~-]+\.)*[0-9A-Za-z_~-]+\.?)(?::\d{1,5})?$/;
const MaxNameLength = 255;

/**
 * Host and port of a `Host` field or `:authority`, or `undefined` if `text` is neither (RFC 9110 §7.2, RFC 3986 §3.2).
 * Stricter than the grammar where only an attack profits from it: no userinfo, no empty host, label or port, no
 * percent-encoding, and none of the sub-delims (`,` `;` `'` …), which no host name has.
 */
export function tryAuthority(text: string): Authority | undefined {
  // Asked several times for each opening: the groups of a match would be an array each time.
  if (!AuthorityForm.test(text)) return undefined;
  const isAddress = text.startsWith("[");
  const hostEnd = isAddress ? text.indexOf("]") : text.indexOf(":");
  const host = text.slice(isAddress ? 1 : 0, hostEnd < 0 ? text.length : hostEnd);
  // Two colons are the least an IPv6 address has; the dialer's resolver is the judge of the rest.
  if (isAddress && host.indexOf(":") === host.lastIndexOf(":")) return undefined;
  const colon = text.indexOf(":", isAddress ? hostEnd : 0);
  const port = colon < 0 ? undefined : Number(text.slice(colon + 1));
  if (port !== undefined && port > 65_535) return undefined;
  return host.length > MaxNameLength ? undefined : { host, port };
}

/** `authority` as text: an IPv6 address in brackets, the port where there is one. */
export function formatAuthority({ host, port }: Authority): string {
  const written = host.includes(":") ? `[${host}]` : host;
  return port === undefined ? written : `${written}:${port}`;
}

/**
 * `host` as hosts are compared: lower case and without the final dot of a fully qualified name, which some clients send
 * (RFC 9110 §4.2.3, RFC 3986 §3.2.2).
 */
export function comparableHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** `host`, in the form of {@link comparableHost}, with `*` in place of its first label; a host of one label as it is. */
export function wildcardOf(host: string): string {
  const dot = host.indexOf(".");
  return dot > 0 ? `*${host.slice(dot)}` : host;
}

const OriginForm = /^\/[\x21\x22\x24-\x7e]*$/;

/** Says whether `target` is a path with an optional query, in visible ASCII and without a fragment (RFC 9112 §3.2.1). */
export function isOriginForm(target: string): boolean {
  return OriginForm.test(target);
}

/** @throws TypeError for an authority or a path that cannot be asked for. Of a path it does not say which: it may be secret. */
export function checkTarget({ authority, path }: { readonly authority: string; readonly path: string }): void {
  if (!isOriginForm(path)) throw new TypeError("path: not one with a slash before it and without spaces or a fragment");
  if (tryAuthority(authority) === undefined) throw new TypeError(`authority: ${JSON.stringify(authority)} is none`);
}

const PercentEncoded = /%([0-9A-Fa-f]{2})/g;
const OtherSlashes = /\\|\/\//;
const DotSegment = /\/\.{1,2}(?:[/;]|$)/;

/**
 * `path`, a request target's path without its query, in the form in which paths are compared, or `undefined` for one
 * that nobody takes. A path decides who may see a request, so whatever somebody behind may read as the same path
 * compares as the same: percent-encoding is undone once (also of `/`), `\` counts as `/`, repeated slashes as one. A
 * segment `.` or `..`, also encoded or before a `;`, belongs to nobody: clients resolve these themselves (RFC 3986
 * §6.2.2.3, WHATWG URL), and servers disagree about them. Whoever is behind gets the path as received, never this form.
 */
export function comparablePath(path: string): string | undefined {
  const decoded = path.includes("%") ? undoEncoding(path) : path;
  const comparable = OtherSlashes.test(decoded) ? decoded.replaceAll(/[/\\]+/g, "/") : decoded;
  return DotSegment.test(comparable) ? undefined : comparable;
}

function undoEncoding(path: string): string {
  return path.replaceAll(PercentEncoded, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
