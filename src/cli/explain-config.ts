import { certificateFacts } from "../gateway/config/certificates.ts";
import type {
  Config,
  Deadlines,
  HostField,
  HostPort,
  RouteConfig,
  RouteTarget,
  TlsFiles,
} from "../gateway/config/config.ts";
import { RouteTable } from "../gateway/routing/route-table.ts";

const MiB = 1_048_576;

/** One paragraph about a config: what its rows have in the same place belongs below each other. */
export interface Explanation {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** What `config` means, for people: who is listened to, who answers what, and what everything may cost. */
export function explainConfig(config: Config): Explanation[] {
  const { listeners, routes, upstreams, admin, trustedProxies } = config;
  return [
    {
      title: "Listeners",
      rows: listeners.map((listener) => [
        listener.name,
        `${listener.tls === undefined ? "http" : "https"}://${place(listener)}`,
        listener.protocols.join(", "),
        listener.tls === undefined ? "cleartext" : explainCertificate(listener.tls),
      ]),
    },
    {
      title: "Routes, of which the first that fits takes the request",
      rows: new RouteTable(routes).routes.map((route) => [
        route.name,
        explainRequests(route),
        explainTarget(route.target),
      ]),
    },
    {
      title: "Upstreams",
      rows: upstreams.map(({ name, addresses, connectTimeoutMs, answerTimeoutMs, command }) => [
        name,
        addresses.map(({ url }) => url).join(", ") +
          (command === undefined ? "" : `, started here: ${command.join(" ")}`),
        `connect in ${duration(connectTimeoutMs)}, answer in ${duration(answerTimeoutMs)}`,
      ]),
    },
    { title: "Limits", rows: explainLimits(config) },
    { title: "Deadlines", rows: explainDeadlines(config.deadlines) },
    {
      title: "Operation",
      rows: [
        ["admin", `http://${place(admin)}: /livez, /readyz, /metrics`],
        ["trusted proxies", trustedProxies.length === 0 ? "none" : trustedProxies.join(", ")],
      ],
    },
  ].filter(({ rows }) => rows.length > 0);
}

function explainCertificate({ certificate }: TlsFiles): string {
  const { names, validUntil } = certificateFacts(certificate);
  return `certificate for ${names.join(", ") || "no name"} until ${validUntil.toISOString().slice(0, 10)}`;
}

function explainRequests({ host, match, path }: RouteConfig): string {
  const paths = match === "exact" ? path : path === "" ? "every path" : `${path} and below`;
  return `${host ?? "every host"}, ${paths}`;
}

function explainTarget(target: RouteTarget): string {
  switch (target.type) {
    case "upstream":
      return `→ upstream ${target.upstream}, ${explainHostField(target.hostField)}`;
    case "handler":
      return `→ handler ${target.handler}`;
    case "root":
      return `→ files in ${target.folder}`;
    default:
      return target satisfies never;
  }
}

function explainHostField(hostField: HostField): string {
  switch (hostField.type) {
    case "keep":
      return "Host of the client";
    case "upstream":
      return "Host of its address";
    case "literal":
      return `Host ${hostField.authority}`;
    default:
      return hostField satisfies never;
  }
}

function explainLimits({ http2, handlers }: Config): string[][] {
  const unreadBytes = http2.maxConcurrentStreams * http2.streamWindowBytes;
  return [
    ["streams of an HTTP/2 connection", String(http2.maxConcurrentStreams)],
    [
      "bytes sent ahead of their reader",
      `${size(http2.streamWindowBytes)} a stream, so ${size(unreadBytes)} a connection`,
    ],
    ["bytes sent ahead of hawser", `${size(http2.connectionWindowBytes)} a connection`],
    ["resets of a connection", `${http2.resetBurst} at once, ${http2.resetsPerSecond} a second`],
    ["memory of a connection", size(http2.maxSessionMemoryMiB * MiB)],
    ["fields of an HTTP/2 request", size(http2.maxHeaderListBytes)],
    ["messages to handlers", `${size(handlers.maxMessageBytes)}, ${handlers.maxFragments} fragments`],
  ];
}

function explainDeadlines(deadlines: Deadlines): string[][] {
  return [
    ["TLS and first bytes", duration(deadlines.handshakeMs)],
    ["fields of a request", duration(deadlines.headersMs)],
    ["answer to a request", duration(deadlines.answerMs)],
    ["idle connection", duration(deadlines.idleConnectionMs)],
    ["closing handshake", duration(deadlines.closeMs)],
    ["receiver that takes nothing", duration(deadlines.writeStallMs)],
    ["drain at the end", duration(deadlines.drainMs)],
  ];
}

function place({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function size(bytes: number): string {
  if (bytes % MiB === 0) return `${bytes / MiB} MiB`;
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KiB` : `${bytes} bytes`;
}

function duration(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
