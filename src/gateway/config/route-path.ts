import { comparablePath } from "../../protocol/handshake/request-target.ts";
import type { RouteConfig } from "./config.ts";
import { printable } from "./printable.ts";

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
