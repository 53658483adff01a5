import { HostList } from "../../protocol/handshake/access.ts";
import type { Config, UpstreamConfig } from "./config.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { valueAt, type RawConfig } from "./raw-config.ts";

const ForConnections = ["maxConnections", "maxWaiting"];

/** Options that are written and change nothing. */
export function effectWarnings(config: Config, raw: RawConfig): Fault[] {
  const isWritten = (path: ConfigPath) => valueAt(raw.value, path) !== undefined;
  const warnings: Fault[] = [];
  const tell = (path: ConfigPath, message: string) => {
    if (isWritten(path)) warnings.push({ path, at: "key", message: `has no effect: ${message}` });
  };
  for (const upstream of config.upstreams) {
    const option = (key: string): ConfigPath => ["upstreams", upstream.name, key];
    const isShared = mayShareConnections(upstream);
    if (!isShared) tell(option("maxStreamsPerConnection"), "its WebSockets have a connection each, with HTTP/1.1");
    if (upstream.takesRequests) continue;
    const keys = ["responseTimeoutMs", ...(isShared ? [] : ForConnections)];
    for (const key of keys) tell(option(key), "ws:// addresses take WebSockets alone; http:// ones take requests too");
  }
  if (config.limits.openingRate === undefined) tell(["limits", "openingBurst"], "there is no openingsPerSecond");
  const speaksHttp2 = config.listeners.some(({ protocols }) => protocols.includes("h2"));
  if (!speaksHttp2 && !config.upstreams.some(mayShareConnections)) tell(["http2"], "no listener or upstream has h2");
  const { hosts } = config.access;
  const answered = new HostList(hosts);
  for (const [i, { host }] of config.routes.entries()) {
    if (host !== undefined && hosts.length > 0 && !answered.has(host)) {
      tell(["routes", i, "host"], "access.hosts does not have it, so no request gets here");
    }
  }
  return warnings;
}

/** Whether WebSockets to it may share HTTP/2 connections. */
function mayShareConnections({ protocol, addresses }: UpstreamConfig): boolean {
  return protocol === "h2" || (protocol === "auto" && addresses.some(({ tls }) => tls !== undefined));
}
