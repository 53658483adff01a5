import { fieldValues } from "./field-values.ts";
import type { OpeningRequest } from "./opening-request.ts";
import { comparableHost, formatAuthority, tryAuthority, wildcardOf } from "./request-target.ts";

/** Of the schemes whose pages can be the same site as a WebSocket: the port of an origin or authority that names none. */
const StandardPorts: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

const SerializedOrigin = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i;

/** An origin in the form in which origins are compared (RFC 6454 §5). */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  /** `undefined` only where none was written and the scheme has no port of its own. */
  readonly port: number | undefined;
}

/** `text` as one serialized origin (RFC 6454 §6.2), or `undefined` for `null`, a list of several, and anything else. */
function tryOrigin(text: string): Origin | undefined {
  const [, written = "", rest = ""] = SerializedOrigin.exec(text) ?? [];
  const authority = tryAuthority(rest);
  if (authority === undefined) return undefined;
  const scheme = written.toLowerCase();
  return { scheme, host: comparableHost(authority.host), port: authority.port ?? StandardPorts.get(scheme) };
}

/** `origin` the way browsers write it: a port only where it is not the scheme's own. */
function serialized({ scheme, host, port }: Origin): string {
  return `${scheme}://${formatAuthority({ host, port: port === StandardPorts.get(scheme) ? undefined : port })}`;
}

/**
 * `text` as a host without port or as `*.` and the end of hosts that have one label more, in the form of
 * `comparableHost`; `undefined` if it is neither.
 */
export function tryHostPattern(text: string): string | undefined {
  const wildcard = text.startsWith("*.") ? "*." : "";
  const authority = tryAuthority(text.slice(wildcard.length));
  return authority === undefined || authority.port !== undefined ? undefined : tryPattern(wildcard, authority.host);
}

/**
 * `text` as an origin the way browsers write it, whose host may begin with `*.`; `undefined` if it is none, and for `null`,
 * the origin of pages that hide theirs.
 */
export function tryOriginPattern(text: string): string | undefined {
  const origin = tryOrigin(text.replace("://*.", "://"));
  if (origin === undefined) return undefined;
  const host = tryPattern(text.includes("://*.") ? "*." : "", origin.host);
  return host === undefined ? undefined : serialized({ ...origin, host });
}

/** Addresses, and what a browser takes for one, have no labels that a wildcard could stand for. */
function tryPattern(wildcard: "*." | "", host: string): string | undefined {
  const comparable = comparableHost(host);
  const isAddress = comparable.includes(":") || /(?:^|\.)\d+$/.test(comparable);
  return wildcard !== "" && isAddress ? undefined : `${wildcard}${comparable}`;
}

/** Hosts by name, and by `*.example.com` those with one label more than `example.com`. */
export class HostList {
  readonly #hosts: ReadonlySet<string>;

  /** @param patterns - in the form of {@link tryHostPattern}. */
  constructor(patterns: readonly string[]) {
    this.#hosts = new Set(patterns.map(comparableHost));
  }

  /** Says whether `host`, without port and in any case, is one of them. */
  has(host: string): boolean {
    const comparable = comparableHost(host);
    return this.#hosts.has(comparable) || this.#hosts.has(wildcardOf(comparable));
  }
}

/**
 * Whether an opening may come from the page at `origin`: what one Origin field says, or `undefined` where there is none, as
 * clients that are no browser leave it out.
 */
export type OriginPredicate = (origin: string | undefined, request: OriginatedRequest) => boolean;

/** What {@link OriginCheck} reads of an opening. */
export type OriginatedRequest = Pick<OpeningRequest, "authority" | "scheme" | "fields">;

/**
 * The rule that keeps pages of other sites from opening WebSockets with a visitor's cookies (RFC 6455 §10.2). A browser
 * always sends Origin and lets no page choose it; who sends none is no browser, and passes.
 */
export class OriginCheck {
  /** Origins in the form of {@link tryOriginPattern}; `any` lets each pass. */
  readonly #allowed: ReadonlySet<string> | OriginPredicate | "any";

  /**
   * `allowed`: origins that pass besides the request's own, such as `https://app.example.com`, `https://app.example.com:8443`
   * or `https://*.example.com`, whose hosts have one label more. `any` lets every one pass, `null` too.
   * A predicate decides alone.
   *
   * @throws TypeError for what is no such origin.
   */
  constructor(allowed: readonly string[] | OriginPredicate | "any") {
    const isRule = allowed === "any" || typeof allowed === "function";
    this.#allowed = isRule ? allowed : new Set(allowed.map(originPattern));
  }

  /**
   * Says whether the opening may come from the page it comes from: it has no Origin, or one that is the request's own (see
   * {@link isOwn}) or allowed. `null` and what is no origin are not; nor are several lines, under whatever rule: the server
   * behind might read another one of them.
   */
  allows(request: OriginatedRequest): boolean {
    const allowed = this.#allowed;
    const [line, ...further] = fieldValues(request.fields, "origin");
    if (further.length > 0) return false;
    if (typeof allowed === "function") return allowed(line, request);
    if (line === undefined || allowed === "any") return true;
    const origin = tryOrigin(line);
    return origin !== undefined && (isOwn(origin, request) || this.#isListed(origin, allowed));
  }

  #isListed(origin: Origin, listed: ReadonlySet<string>): boolean {
    return listed.has(serialized(origin)) || listed.has(serialized({ ...origin, host: wildcardOf(origin.host) }));
  }
}

/**
 * Whether `origin` has the host and port that were asked for. The schemes need not agree: behind a proxy that takes the TLS
 * off, pages are https and requests http. So an authority without port means the standard port of the page's scheme. But an
 * http page never speaks for https: whoever sits on the wire can forge one, and the visitor's cookies would be his.
 */
function isOwn(origin: Origin, { authority, scheme }: Pick<OpeningRequest, "authority" | "scheme">): boolean {
  const asked = tryAuthority(authority);
  const standardPort = StandardPorts.get(origin.scheme);
  if (asked === undefined || standardPort === undefined) return false;
  if (scheme === "https" && origin.scheme !== "https") return false;
  return origin.host === comparableHost(asked.host) && origin.port === (asked.port ?? standardPort);
}

function originPattern(written: string): string {
  const pattern = tryOriginPattern(written);
  if (pattern === undefined)
    throw new TypeError(
      `origins: ${JSON.stringify(written)} is none such as https://example.com or https://*.example.com`,
    );
  return pattern;
}
