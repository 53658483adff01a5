import { HostList } from "../../protocol/handshake/access.ts";
import type { Config } from "./config.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { valueAt, type RawConfig } from "./raw-config.ts";

const ForRequests = ["responseTimeoutMs", "maxConnections", "maxWaiting"];

/** Options that are written and change nothing. */
export function effectWarnings(config: Config, raw: RawConfig): Fault[] {
  const isWritten = (path: ConfigPath) => valueAt(raw.value, path) !== undefined;
  const warnings: Fault[] = [];
  const tell = (path: ConfigPath, message: string) => {
    if (isWritten(path)) warnings.push({ path, at: "key", message: `has no effect: ${message}` });
  };
  for (const { name } of config.upstreams.filter(({ takesRequests }) => !takesRequests)) {
    for (const key of ForRequests) {
      tell(["upstreams", name, key], "ws:// addresses take WebSockets alone; http:// ones take requests too");
    }
  }
  if (config.limits.openingRate === undefined) tell(["limits", "openingBurst"], "there is no openingsPerSecond");
  if (!config.listeners.some(({ protocols }) => protocols.includes("h2"))) tell(["http2"], "no listener has h2");
  const { hosts } = config.access;
  const answered = new HostList(hosts);
  for (const [i, { host }] of config.routes.entries()) {
    if (host !== undefined && hosts.length > 0 && !answered.has(host)) {
      tell(["routes", i, "host"], "access.hosts does not have it, so no request gets here");
    }
  }
  return warnings;
}
