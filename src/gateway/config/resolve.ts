import { resolve } from "node:path";
import type { UpstreamTls } from "../../transport/upstream-address.ts";
import type { WrittenAddress } from "./addresses.ts";
import type {
  AddressConfig,
  Config,
  ListenerConfig,
  RouteConfig,
  RouteTarget,
  TlsFiles,
  UpstreamConfig,
} from "./config.ts";
import type { ConfigDocument } from "./schema.ts";

type ListenerDocument = ConfigDocument["listeners"][number];
type RouteDocument = ConfigDocument["routes"][number];
type UpstreamDocument = ConfigDocument["upstreams"][string];

/** What a config file refers to. */
export interface Surroundings {
  /** Absolute path of the folder the config file is in. */
  readonly folder: string;
  /** Contents of the PEM files by absolute path. */
  readonly contents: ReadonlyMap<string, string>;
  /** Self-signed certificates by absolute path. */
  readonly selfSigned: ReadonlyMap<string, TlsFiles>;
}

/**
 * The configuration that `document` means: names filled in, paths made absolute, files put in.
 *
 * @throws Error where the checks have let through what they should not.
 */
export function resolveConfig(document: ConfigDocument, surroundings: Surroundings): Config {
  const { listeners, routes, upstreams, admin, http2, deadlines, handlers, trustedProxies } = document;
  return {
    folder: surroundings.folder,
    listeners: listeners.map((listener) => resolveListener(listener, surroundings)),
    routes: routes.map((route) => resolveRoute(route, surroundings.folder)),
    upstreams: Object.entries(upstreams).map(([name, upstream]) => resolveUpstream(name, upstream, surroundings)),
    admin: admin.address,
    http2,
    deadlines,
    handlers,
    trustedProxies,
  };
}

function resolveListener(
  { name, address, tls, protocols }: ListenerDocument,
  surroundings: Surroundings,
): ListenerConfig {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    name: name ?? `${host}:${address.port}`,
    ...address,
    tls: tls === undefined ? undefined : resolveTls(tls, surroundings),
    protocols,
  };
}

function resolveTls(
  tls: NonNullable<ListenerDocument["tls"]>,
  { folder, contents, selfSigned }: Surroundings,
): TlsFiles {
  if (tls.selfSigned !== undefined) return known(selfSigned, folder, tls.selfSigned);
  return { certificate: known(contents, folder, tls.certificate), key: known(contents, folder, tls.key) };
}

function known<Value>(files: ReadonlyMap<string, Value>, folder: string, file: string | undefined): Value {
  const value = file === undefined ? undefined : files.get(resolve(folder, file));
  if (value === undefined) throw new Error(`unchecked reference to ${file}`);
  return value;
}

function resolveRoute(route: RouteDocument, folder: string): RouteConfig {
  const match = route.path === undefined ? "prefix" : "exact";
  const path = route.path ?? route.pathPrefix ?? "";
  const requests = `${route.host ?? ""}${path}${match === "prefix" ? "/*" : ""}`;
  return { name: route.name ?? requests, host: route.host, match, path, target: resolveTarget(route, folder) };
}

function resolveTarget({ upstream, handler, root, hostField }: RouteDocument, folder: string): RouteTarget {
  if (upstream !== undefined) return { type: "upstream", upstream, hostField };
  if (handler !== undefined)
    return { type: "handler", handler: handler === "echo" ? handler : resolve(folder, handler) };
  if (root !== undefined) return { type: "root", folder: resolve(folder, root) };
  throw new Error("unchecked route without a target");
}

function resolveUpstream(name: string, upstream: UpstreamDocument, { folder, contents }: Surroundings): UpstreamConfig {
  const { addresses, connectTimeoutMs, answerTimeoutMs, tls, command } = upstream;
  const ca = tls?.ca === undefined ? undefined : known(contents, folder, tls.ca);
  const addressTls: UpstreamTls = { serverName: tls?.serverName, ca, verify: tls?.verify ?? true };
  return {
    name,
    addresses: addresses.map((address) => resolveAddress(address, addressTls, folder)),
    connectTimeoutMs,
    answerTimeoutMs,
    command,
  };
}

function resolveAddress(address: WrittenAddress, tls: UpstreamTls, folder: string): AddressConfig {
  if (address.scheme === "ws+unix") {
    const path = resolve(folder, address.path);
    return { url: `ws+unix://${path}`, authority: "localhost", transport: { type: "unix", path }, tls: undefined };
  }
  const { scheme, host, port, authority, url } = address;
  return { url, authority, transport: { type: "tcp", host, port }, tls: scheme === "wss" ? tls : undefined };
}
