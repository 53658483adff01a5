import { tryUpstreamAddress } from "./addresses.ts";
import type { Fault } from "./fault.ts";
import { checkListeners } from "./listener-check.ts";
import { itemsOf, keysOf, memberOf } from "./raw-value.ts";
import { checkRoutes } from "./route-check.ts";
import { Name } from "./schema.ts";

/**
 * What the options of a config file have against each other. It reads what YAML gave, whether that fits the schema or
 * not, so that a file hears of all its faults at once; what the schema says of a value, `schemaFaults`, is not said here
 * again.
 */
export function crossCheck(value: unknown, schemaFaults: readonly Fault[]): Fault[] {
  const upstreams = memberOf(value, "upstreams");
  return [
    ...checkListeners(itemsOf(memberOf(value, "listeners")), memberOf(value, "admin")),
    ...checkRoutes(itemsOf(memberOf(value, "routes")), keysOf(upstreams), schemaFaults),
    ...keysOf(upstreams).flatMap((name) => checkUpstream(memberOf(upstreams, name), name)),
  ];
}

function checkUpstream(upstream: unknown, name: string): Fault[] {
  const faults: Fault[] = [];
  const form = Name.safeParse(name).error?.issues[0]?.message;
  if (form !== undefined) faults.push({ path: ["upstreams", name], at: "key", message: `expected ${form}` });
  const addresses = itemsOf(memberOf(upstream, "addresses"));
  const isTls = (address: unknown) => typeof address === "string" && tryUpstreamAddress(address)?.scheme === "wss";
  if (memberOf(upstream, "tls") !== undefined && addresses.length > 0 && !addresses.some(isTls)) {
    faults.push({ path: ["upstreams", name, "tls"], at: "key", message: "only for wss:// addresses; there is none" });
  }
  return faults;
}
