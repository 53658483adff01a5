import type { RouteConfig } from "./config.ts";
import { printable } from "./printable.ts";

const PercentEncoded = /%([0-9A-Fa-f]{2})/g;
const DotSegment = /\/\.{1,2}(?:[/;]|$)/;

/**
 * `path`, a request target's path without its query, in the form in which paths are compared, or `undefined` for one
 * that no route takes. A route decides who may see a request, so whatever an upstream may read as the same path
 * compares as the same: percent-encoding is undone once (also of `/`), `\` counts as `/`, repeated slashes as one. A
 * segment `.` or `..`, also encoded or before a `;`, belongs to no route: clients resolve these themselves (RFC 3986
 * §6.2.2.3, WHATWG URL), and servers disagree about them. The upstream gets the path as received, never this form.
 */
export function comparablePath(path: string): string | undefined {
  const decoded = path.replaceAll(PercentEncoded, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  const comparable = decoded.replaceAll(/[/\\]+/g, "/");
  return DotSegment.test(comparable) ? undefined : comparable;
}

/**
 * {@link comparablePath} of a prefix: without its final slash, since a prefix takes whole segments with or without it.
 */
export function comparablePrefix(path: string): string | undefined {
  return comparablePath(path)?.replace(/\/$/, "");
}

/** The name of a route that has none of its own: what it takes, a prefix with `/*` behind. */
export function defaultRouteName({ host, match, path }: Pick<RouteConfig, "host" | "match" | "path">): string {
  return printable(`${host ?? ""}${path}${match === "prefix" ? "/*" : ""}`);
}
