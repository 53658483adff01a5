import type { AdminConfig, Config, Deadlines, UpstreamConfig } from "../gateway/config/config.ts";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import { explainLimits } from "./explain-limits.ts";
import { explainListener } from "./explain-listener.ts";
import { explainFiles, explainMemory } from "./explain-needs.ts";
import { explainClients, explainRoutes } from "./explain-route.ts";
import { amount, duration } from "./quantities.ts";

/** One paragraph about a config: what its rows have in the same place belongs below each other. */
export interface Explanation {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/**
 * What `config` means, for people: who is listened to, who answers what, and what everything may cost.
 *
 * @param openFiles - how many files a process may have open here; `undefined` where nobody knows.
 */
export function explainConfig(config: Config, openFiles: number | undefined): Explanation[] {
  return [
    { title: "Listeners", rows: config.listeners.flatMap(explainListener) },
    { title: "Routes, of which the first that fits takes the request", rows: explainRoutes(config) },
    { title: "Upstreams", rows: config.upstreams.flatMap(explainUpstream) },
    { title: "Access", rows: explainAccess(config) },
    { title: "Limits", rows: explainLimits(config) },
    { title: "Memory that clients and upstreams can make it take, at most", rows: explainMemory(config) },
    { title: "Open files, at most", rows: explainFiles(config, openFiles) },
    { title: "Deadlines", rows: explainDeadlines(config.deadlines) },
    { title: "Operation", rows: explainOperation(config) },
  ].filter(({ rows }) => rows.length > 0);
}

function explainUpstream(upstream: UpstreamConfig): string[][] {
  const { name, addresses, sourceAddresses, takesRequests, command, maxConnections, maxWaiting } = upstream;
  const times = [
    `connect in ${duration(upstream.connectTimeoutMs)}`,
    `answer in ${duration(upstream.answerTimeoutMs)}`,
  ];
  if (takesRequests) times.push(`respond in ${duration(upstream.responseTimeoutMs)}`);
  return [
    [name, addresses.map(({ url }) => url).join(", ")],
    ["", `${takesRequests ? "requests and WebSockets" : "WebSockets alone"}; ${times.join(", ")}`],
    ...(takesRequests
      ? [["", `${maxConnections} connections an address for requests, ${maxWaiting} may wait for one`]]
      : []),
    ...explainSharing(upstream),
    ...(sourceAddresses.length > 0 ? [["", `connected to from ${sourceAddresses.join(", ")}, in turn`]] : []),
    ...(command === undefined ? [] : [["", `started here: ${explainCommand(command)}`]]),
  ];
}

/** How WebSockets share connections over HTTP/2; nothing where they do not. */
function explainSharing({ protocol, addresses, maxStreamsPerConnection, ...limits }: UpstreamConfig): string[][] {
  const isOffered = protocol === "auto" && addresses.some(({ tls }) => tls !== undefined);
  if (protocol !== "h2" && !isOffered) return [];
  const { maxConnections, maxWaiting } = limits;
  const where = isOffered ? " where an address prefers it" : "";
  const room = `${maxStreamsPerConnection} a connection, ${amount(maxConnections, "connection")} an address`;
  return [["", `WebSockets over HTTP/2${where}: ${room}; ${maxWaiting} may wait for room`]];
}

/** Without the arguments themselves, in which there may be what the environment keeps secret. */
function explainCommand([program, ...args]: NonNullable<UpstreamConfig["command"]>): string {
  return args.length === 0 ? program : `${program} with ${amount(args.length, "argument")}`;
}

function explainAccess({ access, trustedProxies }: Config): string[][] {
  return [
    ["hosts", access.hosts.length === 0 ? "every host" : `${access.hosts.join(", ")}; else 421`],
    ["clients", explainClients(access.clients) ?? "everybody"],
    ["trusted proxies", trustedProxies.length === 0 ? "none" : trustedProxies.join(", ")],
  ];
}

function explainDeadlines(deadlines: Deadlines): string[][] {
  return [
    ["TLS and first bytes", duration(deadlines.handshakeMs)],
    ["fields of a request", duration(deadlines.headersMs)],
    ["answer to an opening", duration(deadlines.answerMs)],
    ["response to a request", duration(deadlines.responseMs)],
    ["next part of a body", duration(deadlines.bodyIdleMs)],
    ["idle connection", duration(deadlines.idleConnectionMs)],
    ["closing handshake", duration(deadlines.closeMs)],
    ["receiver that takes nothing", duration(deadlines.writeStallMs)],
    ["drain at the end", `${duration(deadlines.drainMs)}, Closes spread over ${duration(deadlines.closeSpreadMs)}`],
  ];
}

function explainOperation({ admin, files, reload, log, workers, routes }: Config): string[][] {
  const onChange = reload.watch ? `when one of ${files.length} files changes, ` : "";
  const openStreams = log.openStreamMs === undefined ? "never" : `every ${duration(log.openStreamMs)}`;
  return [
    ["admin", explainAdmin(admin)],
    [
      "reload",
      `${onChange}on SIGHUP and POST /reload; WebSockets of changed routes live on for ${duration(reload.changedRouteMs)}`,
    ],
    ...(workers > 1 ? [["workers", explainWorkers(workers, routes)]] : []),
    ["log", `${log.format}; open WebSockets ${openStreams}; ordinary requests ${log.requests ? "each" : "never"}`],
  ];
}

function explainAdmin({ auth, hosts, showClients, ...address }: AdminConfig): string {
  const who = auth === undefined ? "programs and browsers on this machine" : `who has the ${auth.type}`;
  const names = hosts.length === 0 ? "" : `, by the names ${hosts.join(", ")} too`;
  const clients = showClients ? "" : "; clients are not shown";
  const open = `http://${formatAuthority(address)}: /livez, /readyz and /metrics for everybody`;
  return `${open}; /console, streams, events, reload and drain for ${who}${names}${clients}`;
}

function explainWorkers(workers: number, routes: Config["routes"]): string {
  const handlers = routes.filter(({ target }) => target.type === "handler" && target.handler !== "echo");
  const apart = "what a handler keeps, it keeps in each for itself";
  return `${workers} processes; each connection goes to the one with the fewest${handlers.length > 0 ? `; ${apart}` : ""}`;
}
