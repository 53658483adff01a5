import { tryHostPort } from "./addresses.ts";
import type { HostPort } from "./config.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import type { RawConfig } from "./raw-config.ts";
import { itemsOf, memberOf, stringMember } from "./raw-value.ts";
import { checkSharedFiles, checkTls } from "./tls-check.ts";
import { checkNames } from "./uniqueness.ts";

const EveryAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** What the listeners have against themselves and against each other; the admin port is one of them here. */
export function checkListeners(raw: RawConfig): Fault[] {
  const listeners = itemsOf(memberOf(raw.value, "listeners"));
  const names = listeners.map((listener, i) => ({
    path: ["listeners", i, "name"],
    // The default name is the address, and the same address twice is a fault of its own, but for port 0.
    value:
      stringMember(listener, "name") ?? (placeOf(listener)?.port === 0 ? stringMember(listener, "address") : undefined),
  }));
  return [
    ...listeners.flatMap((listener, i) => checkTls(memberOf(listener, "tls"), ["listeners", i, "tls"])),
    ...listeners.flatMap((listener, i) => checkProxyProtocol(listener, ["listeners", i], raw)),
    ...checkSharedFiles(listeners, raw),
    ...checkOverlaps(listeners, memberOf(raw.value, "admin")),
    ...checkNames(names, raw),
  ];
}

function checkProxyProtocol(listener: unknown, path: ConfigPath, raw: RawConfig): Fault[] {
  const trusted = memberOf(raw.value, "trustedProxies");
  const isNobody = trusted === undefined || (Array.isArray(trusted) && trusted.length === 0);
  if (memberOf(listener, "proxyProtocol") !== true || !isNobody) return [];
  const message = "needs trustedProxies: nobody's PROXY header would be believed";
  return [{ path: [...path, "proxyProtocol"], at: "key", message }];
}

function checkOverlaps(listeners: readonly unknown[], admin: unknown): Fault[] {
  const places = [
    ...listeners.map((listener, i) => ({ path: ["listeners", i, "address"], place: placeOf(listener) })),
    { path: ["admin", "address"], place: placeOf(admin) },
  ];
  return places.flatMap(({ path, place }, i): Fault[] => {
    const other = places.slice(0, i).find((one) => isOverlap(one.place, place));
    return other === undefined
      ? []
      : [{ path, at: "value", message: "this port is already that of", other: { path: other.path } }];
  });
}

function placeOf(listener: unknown): HostPort | undefined {
  const address = stringMember(listener, "address");
  return address === undefined ? undefined : tryHostPort(address);
}

function isOverlap(one: HostPort | undefined, other: HostPort | undefined): boolean {
  if (one === undefined || other === undefined || one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || EveryAddress.has(one.host) || EveryAddress.has(other.host);
}
