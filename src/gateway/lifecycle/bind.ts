import type { AddressInfo } from "node:net";
import { formatAuthority } from "../../protocol/handshake/request-target.ts";
import type { HostPort, ListenerConfig } from "../config/config.ts";

/** What an operator can do about it, by the error's code. */
const BindCures: Readonly<Record<string, string>> = {
  EACCES: "hawser may not: choose a port from 1024 on, or give it CAP_NET_BIND_SERVICE",
  EADDRINUSE:
    "another process listens there, or this one at an address that takes it in: stop it, or choose another port",
  EADDRNOTAVAIL: "this machine has no such address: 0.0.0.0 or [::] is every one it has",
  ENOTFOUND: "no such host is known: write an IP address",
};

/**
 * What `listen` resolves with.
 *
 * @throws Error that says who cannot listen where, why, and what can be done about it.
 */
export async function listenOn<Address>(
  what: string,
  { host, port }: HostPort,
  listen: () => Promise<Address>,
): Promise<Address> {
  try {
    return await listen();
  } catch (cause) {
    throw new Error(`${what} cannot listen on ${host} port ${port}: ${whyNotBound(cause)}`, { cause });
  }
}

function whyNotBound(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  const cure = BindCures[code];
  return cure === undefined ? cause.message : `${cure} (${code})`;
}

/** The base URL of what listens at an address. */
export function urlOf(scheme: "http" | "https", { address, port }: Pick<AddressInfo, "address" | "port">): string {
  return `${scheme}://${formatAuthority({ host: address, port })}`;
}

/** What the log says of a listener that is open. */
export function listeningLine({ name, certificates }: ListenerConfig, address: AddressInfo): string {
  return `listening ${name} ${urlOf(certificates === undefined ? "http" : "https", address)}`;
}
