import { isIpAddress } from "../config/addresses.ts";
import { comparableHost, tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { AdminRequest } from "./admin-endpoint.ts";

const Reading = ["GET", "HEAD"];

/**
 * Why a page in a browser may not ask that, or `undefined` if it may, or if no page asks.
 *
 * - A name that somebody else's DNS gives this address (DNS rebinding) is none of ours: `localhost`, IP addresses and `hosts`
 *   are. A browser sends `Origin` with all but GET and HEAD, so of a program's POST the name does not matter.
 * - Origin (RFC 6454 §7) and `Sec-Fetch-Site` say that the page is this port's own.
 * - What changes something carries a field that no form of another page can send.
 */
export function tryPageObjection(
  { method, fields }: Pick<AdminRequest, "method" | "fields">,
  hosts: readonly string[],
): string | undefined {
  const { host = "", origin } = fields;
  const site = fields["sec-fetch-site"];
  const isPage = origin !== undefined || site !== undefined;
  const isReading = Reading.includes(method);
  if ((isPage || isReading) && !isOwnName(host, hosts)) {
    return "the Host is neither localhost nor an IP address; admin.hosts lists the names that are taken";
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return "only for programs on this machine and for pages of this port, not for those of another origin";
  }
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return "not for pages of other sites";
  }
  if (isPage && !isReading && fields["x-hawser-request"] !== "1") {
    return "a page that changes something sends the field x-hawser-request: 1";
  }
  return undefined;
}

/** Says whether `host`, the value of a Host field, can be meant for this port. */
export function isOwnName(host: string, hosts: readonly string[]): boolean {
  const authority = tryAuthority(host);
  if (authority === undefined) return false;
  const name = comparableHost(authority.host);
  return name === "localhost" || isIpAddress(authority.host) || hosts.includes(name);
}
