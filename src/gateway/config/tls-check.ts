import { resolve } from "node:path";
import { tryHostPattern } from "../../protocol/handshake/access.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { tryWrittenText, type RawConfig } from "./raw-config.ts";
import { isMapping, itemsOf, keysOf, memberOf, stringMember } from "./raw-value.ts";
import { repeated } from "./uniqueness.ts";

const ShortForm = ["certificate", "key", "selfSigned", "names", "clientCertificates"];

/** What the options of `tls`, a listener's at `path`, have against each other. */
export function checkTls(tls: unknown, path: ConfigPath): Fault[] {
  if (!isMapping(tls)) return [];
  const present = new Set(keysOf(tls));
  const faults: Fault[] = [];
  const object = (key: string, message: string) => faults.push({ path: [...path, key], at: "key", message });
  if (present.has("certificates")) {
    for (const key of ShortForm.filter((one) => present.has(one))) object(key, "not together with certificates");
    return [...faults, ...checkServerNames(itemsOf(memberOf(tls, "certificates")), [...path, "certificates"])];
  }
  const hasFiles = present.has("certificate") || present.has("key");
  if (present.has("selfSigned") && hasFiles) object("selfSigned", "not together with certificate and key");
  else if (present.has("certificate") && !present.has("key")) object("key", "missing; certificate needs it");
  else if (present.has("key") && !present.has("certificate")) object("certificate", "missing; key needs it");
  else if (!present.has("selfSigned") && !hasFiles) {
    faults.push({ path, at: "value", message: "expected certificate and key, certificates, or selfSigned" });
  }
  if (present.has("names") && !present.has("selfSigned")) object("names", "only for a selfSigned certificate");
  return faults;
}

/** A server name has one certificate. */
function checkServerNames(certificates: readonly unknown[], path: ConfigPath): Fault[] {
  const names = certificates.flatMap((certificate, i) =>
    itemsOf(memberOf(certificate, "serverNames")).map((name, j) => ({
      path: [...path, i, "serverNames", j],
      value: typeof name === "string" ? tryHostPattern(name) : undefined,
    })),
  );
  return repeated(names).map(({ path: at, first }) => ({
    path: at,
    at: "value",
    message: "the same server name as",
    other: { path: first },
  }));
}

/** `listeners` may share the file of a self-signed certificate, but only if they agree on what is in it. */
export function checkSharedFiles(listeners: readonly unknown[], raw: RawConfig): Fault[] {
  const firsts = new Map<string, { readonly names: string; readonly path: ConfigPath }>();
  return listeners.flatMap((listener, i): Fault[] => {
    const path = ["listeners", i, "tls", "names"];
    const tls = memberOf(listener, "tls");
    const written = stringMember(tls, "selfSigned");
    if (written === undefined) return [];
    const file = resolve(raw.folderOf(path), written);
    const names = itemsOf(memberOf(tls, "names")).map(String).toSorted().join(" ");
    const first = firsts.get(file) ?? { names, path };
    firsts.set(file, first);
    if (first.names === names) return [];
    const called = tryWrittenText(raw, ["listeners", i, "tls", "selfSigned"]) ?? written;
    return [{ path, at: "value", message: `${called} has other names in`, other: { path: first.path } }];
  });
}
