import { checkAdmin } from "./admin-check.ts";
import { hasTls, takesRequests, tryUpstreamAddress } from "./addresses.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { checkListeners } from "./listener-check.ts";
import type { RawConfig } from "./raw-config.ts";
import { itemsOf, keysOf, memberOf } from "./raw-value.ts";
import { checkRoutes } from "./route-check.ts";
import { Name } from "./schema-parts.ts";

/**
 * What the options of a config have against each other. It reads what YAML gave, whether that fits the schema or not, so
 * that a file hears of all its faults at once; what the schema says of a value, `schemaFaults`, is not said here again.
 */
export function crossCheck(raw: RawConfig, schemaFaults: readonly Fault[]): Fault[] {
  const upstreams = memberOf(raw.value, "upstreams");
  return [
    ...checkListeners(raw),
    ...checkAdmin(raw),
    ...checkRoutes(raw, schemaFaults),
    ...keysOf(upstreams).flatMap((name) => checkUpstream(memberOf(upstreams, name), name)),
  ];
}

function checkUpstream(upstream: unknown, name: string): Fault[] {
  const faults: Fault[] = [];
  const form = Name.safeParse(name).error?.issues[0]?.message;
  if (form !== undefined) faults.push({ path: ["upstreams", name], at: "key", message: `expected ${form}` });
  const path = ["upstreams", name, "addresses"];
  const addresses = itemsOf(memberOf(upstream, "addresses")).map((address) =>
    typeof address === "string" ? tryUpstreamAddress(address) : undefined,
  );
  if (memberOf(upstream, "tls") !== undefined && addresses.length > 0 && !addresses.some((one) => one && hasTls(one))) {
    const message = "only for https:// and wss:// addresses; there is none";
    faults.push({ path: ["upstreams", name, "tls"], at: "key", message });
  }
  const kinds = addresses.map((address) => address && takesRequests(address));
  return [...faults, ...mixedKinds(kinds, path)];
}

/** Whether an upstream takes ordinary requests must not depend on whose turn it is. */
function mixedKinds(kinds: readonly (boolean | undefined)[], path: ConfigPath): Fault[] {
  const first = kinds.findIndex((kind) => kind !== undefined);
  return kinds.flatMap((kind, i): Fault[] => {
    if (kind === undefined || kind === kinds[first]) return [];
    const message = `takes ${kind ? "ordinary requests too" : "WebSockets alone"}, unlike`;
    return [{ path: [...path, i], at: "value", message, other: { path: [...path, first] } }];
  });
}
