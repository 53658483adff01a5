import { comparableHost, comparablePath } from "../../protocol/handshake/request-target.ts";
import type { RouteConfig } from "./config.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { tryNearest } from "../../protocol/nearest.ts";
import { tryWrittenText, type RawConfig } from "./raw-config.ts";
import { isMapping, itemsOf, keysOf, memberOf, stringMember } from "./raw-value.ts";
import { comparablePrefix, defaultRouteName } from "./route-path.ts";
import { checkNames, repeated, type Unique } from "./uniqueness.ts";

const Targets = ["upstream", "handler", "root"];
const ForWebSockets = ["origins", "maxStreams", "limits"];

/**
 * What the routes have against themselves, each other and the names of the upstreams. What a route takes is only
 * compared if nothing else is wrong with it, the schema's objections included: a misspelt `path` would be no path.
 */
export function checkRoutes(raw: RawConfig, schemaFaults: readonly Fault[]): Fault[] {
  const routes = itemsOf(memberOf(raw.value, "routes"));
  const own = routes.map((route, i) => checkRoute(route, ["routes", i], raw));
  const misfits = new Set(schemaFaults.map(({ path: [section, i] }) => (section === "routes" ? i : undefined)));
  const names = routes.map((route, i) => ({ path: ["routes", i, "name"], value: stringMember(route, "name") }));
  const requests = routes.map((route, i) => (own[i]?.length === 0 && !misfits.has(i) ? requestsOf(route) : undefined));
  return [
    ...own.flat(),
    ...checkNames(names, raw),
    ...repeated(entriesOf(requests, keyOf)).map(({ path, first }): Fault => {
      const name = tryWrittenText(raw, [...first, "name"]) ?? stringMember(routes[Number(first[1])], "name");
      return { path, at: "value", message: "takes the same requests as", other: { path: first, name } };
    }),
    ...checkDefaultNames(routes, requests),
  ];
}

/** What a route takes. */
type Requests = Pick<RouteConfig, "host" | "match" | "path">;

function keyOf({ host, match, path }: Requests): string {
  return JSON.stringify([host, match, path]);
}

function entriesOf(requests: readonly (Requests | undefined)[], value: (of: Requests) => string): Unique[] {
  return requests.map((one, i) => ({ path: ["routes", i], value: one && value(one) }));
}

/** Routes that take other requests have other names by default, but for an exact path that ends like the name of a prefix. */
function checkDefaultNames(routes: readonly unknown[], requests: readonly (Requests | undefined)[]): Fault[] {
  const told = new Set<string>();
  const unnamed = requests.map((one, i) => {
    if (one === undefined || memberOf(routes[i], "name") !== undefined || told.has(keyOf(one))) return undefined;
    told.add(keyOf(one));
    return one;
  });
  return repeated(entriesOf(unnamed, defaultRouteName)).map(({ path, first }) => ({
    path,
    at: "value",
    message: "without a name it is called like",
    other: { path: first },
  }));
}

function checkRoute(route: unknown, path: ConfigPath, raw: RawConfig): Fault[] {
  if (!isMapping(route)) return [];
  const present = new Set(keysOf(route));
  const faults: Fault[] = [];
  const object = (key: string, message: string) => faults.push({ path: [...path, key], at: "key", message });
  const targets = Targets.filter((target) => present.has(target));
  if (targets.length === 0) faults.push({ path, at: "value", message: "expected one of upstream, handler, root" });
  for (const target of targets.slice(1)) object(target, `not together with ${targets[0]}`);
  if (present.has("path") && present.has("pathPrefix")) object("pathPrefix", "not together with path");
  if (present.has("hostField") && !present.has("upstream")) object("hostField", "only for a route to an upstream");
  if (targets.length === 1 && targets[0] === "root") {
    for (const key of ForWebSockets) {
      if (present.has(key)) object(key, "only for WebSockets; a route with root has none");
    }
  }
  return [...faults, ...checkReference(stringMember(route, "upstream"), [...path, "upstream"], raw)];
}

function checkReference(upstream: string | undefined, path: ConfigPath, raw: RawConfig): Fault[] {
  const upstreams = keysOf(memberOf(raw.value, "upstreams"));
  if (upstream === undefined || upstreams.includes(upstream)) return [];
  const written = tryWrittenText(raw, path);
  const nearest = written === undefined ? tryNearest(upstream, upstreams) : undefined;
  const known = upstreams.length === 0 ? "none is listed" : `there are: ${upstreams.join(", ")}`;
  const advice = nearest === undefined ? known : `did you mean ${nearest}?`;
  return [{ path, at: "value", message: `there is no upstream ${written ?? upstream}; ${advice}` }];
}

/** What the route takes; `undefined` if that makes no sense. */
function requestsOf(route: unknown): Requests | undefined {
  const host = memberOf(route, "host");
  const exact = memberOf(route, "path");
  const written = exact ?? memberOf(route, "pathPrefix") ?? "/";
  if (!isMapping(route) || (host !== undefined && typeof host !== "string") || typeof written !== "string")
    return undefined;
  const match = exact === undefined ? "prefix" : "exact";
  const path = match === "exact" ? comparablePath(written) : comparablePrefix(written);
  return path === undefined ? undefined : { host: host && comparableHost(host), match, path };
}
