import { comparableHost } from "./addresses.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { tryNearest } from "./nearest.ts";
import { isMapping, keysOf, memberOf, stringMember } from "./raw-value.ts";
import { comparablePath, comparablePrefix } from "./route-path.ts";
import { checkNames, repeated } from "./uniqueness.ts";

const Targets = ["upstream", "handler", "root"];

/**
 * What the routes have against themselves, each other and the names of the `upstreams`. What a route takes is only
 * compared if nothing else is wrong with it, the schema's objections included: a misspelt `path` would be no path.
 */
export function checkRoutes(
  routes: readonly unknown[],
  upstreams: readonly string[],
  schemaFaults: readonly Fault[],
): Fault[] {
  const own = routes.map((route, i) => checkRoute(route, ["routes", i], upstreams));
  const misfits = new Set(schemaFaults.map(({ path: [section, i] }) => (section === "routes" ? i : undefined)));
  const names = routes.map((route, i) => ({ path: ["routes", i, "name"], value: stringMember(route, "name") }));
  const requests = routes.map((route, i) => ({
    path: ["routes", i],
    value: own[i]?.length === 0 && !misfits.has(i) ? requestsOf(route) : undefined,
  }));
  return [
    ...own.flat(),
    ...checkNames(names),
    ...repeated(requests).map(({ path, first }): Fault => {
      const name = stringMember(routes[Number(first[1])], "name");
      return { path, at: "value", message: "takes the same requests as", other: { path: first, name } };
    }),
  ];
}

function checkRoute(route: unknown, path: ConfigPath, upstreams: readonly string[]): Fault[] {
  if (!isMapping(route)) return [];
  const present = new Set(keysOf(route));
  const faults: Fault[] = [];
  const object = (key: string, message: string) => faults.push({ path: [...path, key], at: "key", message });
  const targets = Targets.filter((target) => present.has(target));
  if (targets.length === 0) faults.push({ path, at: "value", message: "expected one of upstream, handler, root" });
  for (const target of targets.slice(1)) object(target, `not together with ${targets[0]}`);
  if (present.has("path") && present.has("pathPrefix")) object("pathPrefix", "not together with path");
  if (present.has("hostField") && !present.has("upstream")) object("hostField", "only for a route to an upstream");
  const upstream = stringMember(route, "upstream");
  if (upstream !== undefined && !upstreams.includes(upstream)) {
    const nearest = tryNearest(upstream, upstreams);
    const known = upstreams.length === 0 ? "none is listed" : `there are: ${upstreams.join(", ")}`;
    const advice = nearest === undefined ? known : `did you mean ${nearest}?`;
    faults.push({ path: [...path, "upstream"], at: "value", message: `there is no upstream ${upstream}; ${advice}` });
  }
  return faults;
}

/**
 * Host and path of a route in one text, equal for routes that take the same requests; `undefined` if they make no
 * sense.
 */
function requestsOf(route: unknown): string | undefined {
  const host = memberOf(route, "host") ?? "";
  const exact = memberOf(route, "path");
  const prefix = memberOf(route, "pathPrefix") ?? "/";
  if (!isMapping(route) || typeof host !== "string") return undefined;
  const written = exact ?? prefix;
  if (typeof written !== "string") return undefined;
  const path = exact === undefined ? comparablePrefix(written) : comparablePath(written);
  if (path === undefined) return undefined;
  return JSON.stringify([comparableHost(host), exact === undefined ? "prefix" : "exact", path]);
}
