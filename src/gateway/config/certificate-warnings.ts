import { isLoopback } from "./addresses.ts";
import { certificateFacts, isCertificateFor } from "./certificates.ts";
import type { Config, ListenerConfig } from "./config.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { valueAt, type RawConfig } from "./raw-config.ts";

const Day = 86_400_000;
const WarnDays = 14;

/** What is worth a warning in the certificates of listeners. */
export function certificateWarnings({ listeners }: Config, raw: RawConfig, now: Date): Fault[] {
  return listeners.flatMap((listener, i): Fault[] => {
    const tls = ["listeners", i, "tls"];
    const isSelfSigned = valueAt(raw.value, [...tls, "selfSigned"]) !== undefined;
    const isSeveral = valueAt(raw.value, [...tls, "certificates"]) !== undefined;
    const pathOf = (j: number): ConfigPath => {
      if (isSelfSigned) return [...tls, "selfSigned"];
      return [...tls, ...(isSeveral ? ["certificates", j] : []), "certificate"];
    };
    return [
      ...(isSelfSigned && !isLoopback(listener.host) ? [selfSigned(pathOf(0))] : []),
      ...(listener.certificates ?? []).flatMap(({ certificate }, j) => validity(certificate, pathOf(j), now)),
      ...hidden(listener, pathOf),
      ...(isSeveral ? foreignNames(listener, [...tls, "certificates"], raw) : []),
    ];
  });
}

function selfSigned(path: ConfigPath): Fault {
  const message =
    "for development only: no client trusts a self-signed certificate, and others than this machine reach it";
  return { path, at: "key", message };
}

function validity(certificate: string, path: ConfigPath, now: Date): Fault[] {
  const { validFrom, validUntil } = certificateFacts(certificate);
  if (validFrom > now) return [{ path, at: "value", message: `the certificate is only valid from ${date(validFrom)}` }];
  const daysLeft = (validUntil.getTime() - now.getTime()) / Day;
  if (daysLeft > WarnDays) return [];
  const verb = daysLeft < 0 ? "was valid until" : "is only valid until";
  return [{ path, at: "value", message: `the certificate ${verb} ${date(validUntil)}` }];
}

/** Certificates that clients never see, since others are for all of their names and come before them. */
function hidden({ certificates = [] }: ListenerConfig, pathOf: (j: number) => ConfigPath): Fault[] {
  const taken = new Set(certificates[0]?.serverNames);
  return certificates.flatMap(({ serverNames }, j): Fault[] => {
    if (j === 0) return [];
    const isHidden = serverNames.every((name) => taken.has(name));
    for (const name of serverNames) taken.add(name);
    if (!isHidden) return [];
    const message =
      serverNames.length === 0 ? "names nobody: it needs serverNames" : "the ones before it have its names";
    return [{ path: pathOf(j), at: "value", message: `no client is shown it: ${message}` }];
  });
}

/** Server names for which a certificate is presented although it is not for them. */
function foreignNames({ certificates = [] }: ListenerConfig, path: ConfigPath, raw: RawConfig): Fault[] {
  return certificates.flatMap(({ certificate, serverNames }, j): Fault[] => {
    const names = [...path, j, "serverNames"];
    if (valueAt(raw.value, names) === undefined) return [];
    return serverNames.flatMap((name, k): Fault[] => {
      if (isCertificateFor(certificate, name)) return [];
      const message = "the certificate is not for this name: clients will refuse it";
      return [{ path: [...names, k], at: "value", message }];
    });
  });
}

function date(day: Date): string {
  return day.toISOString().slice(0, 10);
}
