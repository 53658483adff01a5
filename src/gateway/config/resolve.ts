import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { formatAuthority } from "../../protocol/handshake/request-target.ts";
import type { ClientCertificateRule } from "../../transport/client-certificate.ts";
import type { ServerCertificate, TlsIdentity } from "../../transport/tls-server.ts";
import type { UpstreamTls } from "../../transport/upstream-address.ts";
import { hasTls, takesRequests, type WrittenAddress } from "./addresses.ts";
import { certificateFacts } from "./certificates.ts";
import type {
  AddressConfig,
  AdminAuth,
  AdminConfig,
  Config,
  LimitsConfig,
  TracingConfig,
  ListenerConfig,
  OriginRule,
  RouteConfig,
  RouteTarget,
  StreamLimits,
  UpstreamConfig,
} from "./config.ts";
import type { ConfigPath } from "./fault.ts";
import { defaultRouteName } from "./route-path.ts";
import type { ConfigDocument } from "./schema.ts";

type ListenerDocument = ConfigDocument["listeners"][number];
type TlsDocument = NonNullable<ListenerDocument["tls"]>;
type RouteDocument = ConfigDocument["routes"][number];
type UpstreamDocument = ConfigDocument["upstreams"][string];

/** What a config file refers to. */
export interface Surroundings {
  /** Absolute path of the folder the config file is in. */
  readonly folder: string;
  /** Absolute path of the folder that paths in the option at `path` are relative to. */
  readonly folderOf: (path: ConfigPath) => string;
  /** Absolute paths of every file that was read. */
  readonly files: readonly string[];
  /** Contents of the PEM files by absolute path. */
  readonly contents: ReadonlyMap<string, string>;
  /** Self-signed certificates by absolute path. */
  readonly selfSigned: ReadonlyMap<string, TlsIdentity>;
}

/** What a file of the config refers to: `folder` is that file's. */
type NamedFiles = Pick<Surroundings, "folder" | "contents" | "selfSigned">;

/**
 * The configuration that `document` means: names filled in, paths made absolute, files put in.
 *
 * @throws Error where the checks have let through what they should not.
 */
export function resolveConfig(document: ConfigDocument, surroundings: Surroundings): Config {
  const { listeners, upstreams, admin, access, limits, http2, deadlines, reload, log, trustedProxies } = document;
  const filesFrom = (path: ConfigPath): NamedFiles => ({ ...surroundings, folder: surroundings.folderOf(path) });
  return {
    folder: surroundings.folder,
    files: surroundings.files,
    listeners: listeners.map((listener, i) => resolveListener(listener, filesFrom(["listeners", i]))),
    routes: document.routes.map((route, i) => resolveRoute(route, document, surroundings.folderOf(["routes", i]))),
    upstreams: Object.entries(upstreams).map(([name, upstream]) =>
      resolveUpstream(name, upstream, filesFrom(["upstreams", name])),
    ),
    admin: resolveAdmin(admin),
    access: { hosts: access.hosts, clients: access.clients },
    limits: resolveLimits(limits),
    http2,
    deadlines,
    reload,
    log,
    tracing: resolveTracing(document.tracing),
    trustedProxies,
    workers: document.workers === "auto" ? availableParallelism() : document.workers,
  };
}

function resolveTracing({ endpoint, ...how }: ConfigDocument["tracing"]): TracingConfig | undefined {
  return endpoint === undefined ? undefined : { endpoint, ...how };
}

function resolveAdmin({ address, auth, ...options }: ConfigDocument["admin"]): AdminConfig {
  return { ...address, ...options, auth: auth && resolveAuth(auth) };
}

function resolveAuth({ token, user, password }: NonNullable<ConfigDocument["admin"]["auth"]>): AdminAuth {
  if (token !== undefined) return { type: "token", token };
  if (user !== undefined && password !== undefined) return { type: "password", user, password };
  throw new Error("unchecked auth of nobody");
}

function resolveLimits({ openingsPerSecond, openingBurst, ...limits }: ConfigDocument["limits"]): LimitsConfig {
  const openingRate =
    openingsPerSecond === undefined ? undefined : { perSecond: openingsPerSecond, burst: openingBurst };
  return { ...limits, openingRate };
}

function resolveListener(
  { name, address, tls, protocols, proxyProtocol }: ListenerDocument,
  files: NamedFiles,
): ListenerConfig {
  return {
    name: name ?? formatAuthority(address),
    ...address,
    certificates: tls === undefined ? undefined : resolveCertificates(tls, files),
    protocols,
    proxyProtocol,
  };
}

function resolveCertificates(tls: TlsDocument, files: NamedFiles): ServerCertificate[] {
  const { folder, contents, selfSigned } = files;
  const pairOf = ({ certificate, key }: Pick<TlsDocument, "certificate" | "key">): TlsIdentity => ({
    certificate: known(contents, folder, certificate),
    key: known(contents, folder, key),
  });
  if (tls.certificates !== undefined) {
    return tls.certificates.map((one) => resolveCertificate(pairOf(one), one.serverNames, resolveClients(one, files)));
  }
  const pair = tls.selfSigned === undefined ? pairOf(tls) : known(selfSigned, folder, tls.selfSigned);
  return [resolveCertificate(pair, undefined, resolveClients(tls, files))];
}

function resolveCertificate(
  files: TlsIdentity,
  serverNames: readonly string[] | undefined,
  clientCertificates: ClientCertificateRule | undefined,
): ServerCertificate {
  const names = serverNames ?? certificateFacts(files.certificate).names.map((name) => name.toLowerCase());
  return { ...files, serverNames: names, clientCertificates };
}

function resolveClients(
  { clientCertificates }: Pick<TlsDocument, "clientCertificates">,
  { contents, folder }: NamedFiles,
): ClientCertificateRule | undefined {
  if (clientCertificates === undefined) return undefined;
  return { ca: known(contents, folder, clientCertificates.ca), required: clientCertificates.required };
}

function known<Value>(files: ReadonlyMap<string, Value>, folder: string, file: string | undefined): Value {
  const value = file === undefined ? undefined : files.get(resolve(folder, file));
  if (value === undefined) throw new Error(`unchecked reference to ${file}`);
  return value;
}

function resolveRoute(route: RouteDocument, document: ConfigDocument, folder: string): RouteConfig {
  const match = route.path === undefined ? "prefix" : "exact";
  const requests = { host: route.host, match, path: route.path ?? route.pathPrefix ?? "" } as const;
  const { compress, ...handlers } = document.handlers;
  const streams: StreamLimits = route.handler === undefined ? document.relays : handlers;
  return {
    name: route.name ?? defaultRouteName(requests),
    ...requests,
    target: resolveTarget(route, compress, folder),
    origins: originRule(route.origins ?? document.access.origins),
    clients: route.clients,
    maxStreams: route.maxStreams,
    streams: { ...streams, ...route.limits },
    tail: route.tail,
  };
}

function originRule(origins: ConfigDocument["access"]["origins"]): OriginRule {
  return typeof origins === "string" ? { type: origins } : { type: "list", origins };
}

function resolveTarget(
  { upstream, handler, root, hostField }: RouteDocument,
  compress: boolean,
  folder: string,
): RouteTarget {
  if (upstream !== undefined) return { type: "upstream", upstream, hostField };
  if (handler !== undefined)
    return { type: "handler", handler: handler === "echo" ? handler : resolve(folder, handler), compress };
  if (root !== undefined) return { type: "root", folder: resolve(folder, root) };
  throw new Error("unchecked route without a target");
}

function resolveUpstream(name: string, upstream: UpstreamDocument, { folder, contents }: NamedFiles): UpstreamConfig {
  const { addresses, tls, ...options } = upstream;
  const ca = tls?.ca === undefined ? undefined : known(contents, folder, tls.ca);
  const addressTls: UpstreamTls = { serverName: tls?.serverName, ca, verify: tls?.verify ?? true };
  return {
    ...options,
    name,
    command: options.command,
    takesRequests: addresses.some(takesRequests),
    addresses: addresses.map((address) => resolveAddress(address, addressTls, folder)),
  };
}

function resolveAddress(address: WrittenAddress, tls: UpstreamTls, folder: string): AddressConfig {
  if ("path" in address) {
    const path = resolve(folder, address.path);
    const url = `${address.scheme}://${path}`;
    return { url, authority: "localhost", transport: { type: "unix", path }, tls: undefined };
  }
  const { host, port, authority, url } = address;
  return { url, authority, transport: { type: "tcp", host, port }, tls: hasTls(address) ? tls : undefined };
}
