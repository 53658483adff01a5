import { tryHostPort } from "./addresses.ts";
import type { HostPort } from "./config.ts";
import { formatPath, type ConfigPath, type Fault } from "./fault.ts";
import { isMapping, itemsOf, keysOf, memberOf, stringMember } from "./raw-value.ts";
import { checkNames } from "./uniqueness.ts";

const EveryAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** What the listeners have against themselves and against each other; the admin port is one of them here. */
export function checkListeners(listeners: readonly unknown[], admin: unknown): Fault[] {
  const names = listeners.map((listener, i) => ({
    path: ["listeners", i, "name"],
    // The default name is the address, and the same address twice is a fault of its own, but for port 0.
    value:
      stringMember(listener, "name") ?? (placeOf(listener)?.port === 0 ? stringMember(listener, "address") : undefined),
  }));
  return [
    ...listeners.flatMap((listener, i) => checkTls(memberOf(listener, "tls"), ["listeners", i, "tls"])),
    ...checkSharedFiles(listeners),
    ...checkOverlaps(listeners, admin),
    ...checkNames(names),
  ];
}

function checkTls(tls: unknown, path: ConfigPath): Fault[] {
  if (!isMapping(tls)) return [];
  const present = new Set(keysOf(tls));
  const faults: Fault[] = [];
  const object = (key: string, message: string) => faults.push({ path: [...path, key], at: "key", message });
  const hasFiles = present.has("certificate") || present.has("key");
  if (present.has("selfSigned") && hasFiles) object("selfSigned", "not together with certificate and key");
  else if (present.has("certificate") && !present.has("key")) object("key", "missing; certificate needs it");
  else if (present.has("key") && !present.has("certificate")) object("certificate", "missing; key needs it");
  else if (!present.has("selfSigned") && !hasFiles) {
    faults.push({ path, at: "value", message: "expected certificate and key, or selfSigned" });
  }
  if (present.has("names") && !present.has("selfSigned")) object("names", "only for a selfSigned certificate");
  return faults;
}

/** Listeners may share the file of a self-signed certificate, but only if they agree on what is in it. */
function checkSharedFiles(listeners: readonly unknown[]): Fault[] {
  const namesByFile = new Map<string, string>();
  return listeners.flatMap((listener, i): Fault[] => {
    const tls = memberOf(listener, "tls");
    const file = stringMember(tls, "selfSigned");
    if (file === undefined) return [];
    const names = itemsOf(memberOf(tls, "names")).map(String).toSorted().join(" ");
    const others = namesByFile.get(file) ?? names;
    namesByFile.set(file, others);
    if (others === names) return [];
    const message = `another listener has other names for ${file}`;
    return [{ path: ["listeners", i, "tls", "names"], at: "value", message }];
  });
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
      : [{ path, at: "value", message: `${formatPath(other.path)} has this port already` }];
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
