import { comparableHost, comparablePath, tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { RouteConfig } from "../config/config.ts";

const EveryHost = "";

/** The route that takes a request, or the status of the refusal if there is none. */
export type RouteMatch =
  { readonly matched: true; readonly route: RouteConfig } | { readonly matched: false; readonly status: 404 };

/** The routes of one host, or of every host. */
interface HostRoutes {
  readonly exact: Map<string, RouteConfig>;
  /** Longest first. */
  readonly prefixes: RouteConfig[];
}

/**
 * Finds the route of a request. Their order in the config does not matter: a route with the request's host is
 * preferred to one for every host, then an exact path to a prefix, then a longer prefix to a shorter.
 */
export class RouteTable {
  readonly #byHost = new Map<string, HostRoutes>();

  /** `routes` differ in host, match or path. */
  constructor(routes: readonly RouteConfig[]) {
    for (const route of routes) {
      const host = route.host ?? EveryHost;
      const ofHost = this.#byHost.get(host) ?? { exact: new Map<string, RouteConfig>(), prefixes: [] };
      this.#byHost.set(host, ofHost);
      if (route.match === "exact") ofHost.exact.set(route.path, route);
      else ofHost.prefixes.push(route);
    }
    for (const { prefixes } of this.#byHost.values())
      prefixes.sort((one, other) => other.path.length - one.path.length);
  }

  /** Every route: of two that take the same request, the preferred one first. */
  get routes(): RouteConfig[] {
    const hosts = [...this.#byHost].sort(([one], [other]) => Number(one === EveryHost) - Number(other === EveryHost));
    return hosts.flatMap(([, { exact, prefixes }]) => [...exact.values(), ...prefixes]);
  }

  /**
   * The route for a request with this `authority` (the port does not count) and this `path` as received (its query does
   * not count). {@link comparablePath} says which paths are the same and which are no route's.
   */
  match(authority: string, path: string): RouteMatch {
    const host = comparableHost(tryAuthority(authority)?.host ?? EveryHost);
    const query = path.indexOf("?");
    const comparable = comparablePath(query < 0 ? path : path.slice(0, query));
    if (comparable === undefined) return { matched: false, status: 404 };
    const route = this.#find(host, comparable) ?? this.#find(EveryHost, comparable);
    return route === undefined ? { matched: false, status: 404 } : { matched: true, route };
  }

  #find(host: string, path: string): RouteConfig | undefined {
    const routes = this.#byHost.get(host);
    if (routes === undefined) return undefined;
    return (
      routes.exact.get(path) ??
      routes.prefixes.find((prefix) => path === prefix.path || path.startsWith(`${prefix.path}/`))
    );
  }
}
