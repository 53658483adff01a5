import { certificateFacts } from "../config/certificates.ts";
import type { AddressConfig, AdminConfig, Config, ListenerConfig, UpstreamConfig } from "../config/config.ts";

/**
 * `config` as operators are shown it, as JSON: without keys, credentials, the arguments of commands (in which the environment
 * may have put what is secret) and the user of a URL. `undefined` is `null`, so that one sees what there could be.
 */
export function shownConfig(config: Config): unknown {
  const { listeners, routes, upstreams, admin, tracing, folder, files, ...rest } = config;
  const shown = {
    listeners: listeners.map(shownListener),
    routes,
    upstreams: upstreams.map(shownUpstream),
    admin: shownAdmin(admin),
    ...rest,
    tracing: tracing && { ...tracing, endpoint: withoutUser(tracing.endpoint) },
    folder,
    files,
  };
  return JSON.parse(JSON.stringify(shown, (_, value: unknown) => (value === undefined ? null : value)));
}

function shownAdmin({ host, port, auth, hosts, showClients, topStreams }: AdminConfig) {
  return { host, port, auth: auth?.type, hosts, showClients, topStreams };
}

function shownListener({ name, host, port, protocols, proxyProtocol, certificates }: ListenerConfig) {
  const shown = certificates?.map(({ serverNames, certificate, clientCertificates }) => {
    const { validUntil } = certificateFacts(certificate);
    const asked = clientCertificates && { required: clientCertificates.required };
    return { serverNames, validUntil, clientCertificates: asked };
  });
  return { name, host, port, protocols, proxyProtocol, certificates: shown };
}

function shownUpstream({ command, addresses, ...options }: UpstreamConfig) {
  return { ...options, addresses: addresses.map(shownAddress), command: command?.slice(0, 1) };
}

function shownAddress({ url, authority, tls }: AddressConfig) {
  const shown = tls && { serverName: tls.serverName, verify: tls.verify, hasOwnAuthorities: tls.ca !== undefined };
  return { url, authority, tls: shown };
}

function withoutUser(written: string): string {
  const url = new URL(written);
  url.username = "";
  url.password = "";
  url.search = "";
  return url.href;
}
