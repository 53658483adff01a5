import { isLoopback } from "./addresses.ts";
import { certificateWarnings } from "./certificate-warnings.ts";
import type { Config } from "./config.ts";
import { effectWarnings } from "./effect-warnings.ts";
import type { Fault } from "./fault.ts";
import { valueAt, type RawConfig } from "./raw-config.ts";

/** What a valid config says that its author hardly wants; `raw` is the same as it is written. */
export function configWarnings(config: Config, raw: RawConfig, now: Date): Fault[] {
  return [
    ...certificateWarnings(config, raw, now),
    ...upstreamWarnings(config),
    ...originWarnings(config, raw),
    ...addressWarnings(config),
    ...clientWarnings(config),
    ...adminWarnings(config),
    ...http2Warnings(config),
    ...deadlineWarnings(config),
    ...effectWarnings(config, raw),
    ...starWarnings(config),
  ];
}

function upstreamWarnings({ upstreams, routes, deadlines }: Config): Fault[] {
  const used = new Set(routes.map(({ target }) => (target.type === "upstream" ? target.upstream : undefined)));
  return upstreams.flatMap((upstream): Fault[] => {
    const { name, addresses, connectTimeoutMs, answerTimeoutMs, responseTimeoutMs } = upstream;
    if (!used.has(name)) return [{ path: ["upstreams", name], at: "key", message: "no route leads to it" }];
    const count = addresses.length;
    const needed = count === 1 ? "connectTimeoutMs" : `${count} × connectTimeoutMs`;
    const late = (key: "answerTimeoutMs" | "responseTimeoutMs", deadline: "answerMs" | "responseMs"): Fault => {
      const message = `deadlines.${deadline} (${deadlines[deadline]}) ends before ${needed} + ${key} do`;
      return { path: ["upstreams", name, key], at: "value", message };
    };
    const isLate = count * connectTimeoutMs + answerTimeoutMs > deadlines.answerMs;
    const isLateToo = upstream.takesRequests && count * connectTimeoutMs + responseTimeoutMs > deadlines.responseMs;
    return [
      ...(isLate ? [late("answerTimeoutMs", "answerMs")] : []),
      ...(isLateToo ? [late("responseTimeoutMs", "responseMs")] : []),
    ];
  });
}

function originWarnings({ routes }: Config, raw: RawConfig): Fault[] {
  const message = "pages of every site may open WebSockets here, with the cookies of whoever looks at them";
  const places = [["access"], ...routes.map((_, i) => ["routes", i])];
  return places.flatMap((path): Fault[] => {
    const origins = [...path, "origins"];
    return valueAt(raw.value, origins) === "any" ? [{ path: origins, at: "value", message }] : [];
  });
}

/** Limits of one address are those of all clients together where a proxy in front hides them. */
function addressWarnings({ limits, listeners, trustedProxies }: Config): Fault[] {
  if (trustedProxies.length === 0 || listeners.every(({ proxyProtocol }) => proxyProtocol)) return [];
  const message = "counts all clients behind one of trustedProxies as one, but on a listener with proxyProtocol";
  const set = [
    { key: "maxConnectionsPerAddress", value: limits.maxConnectionsPerAddress },
    { key: "maxStreamsPerAddress", value: limits.maxStreamsPerAddress },
    { key: "openingsPerSecond", value: limits.openingRate },
  ].filter(({ value }) => value !== undefined);
  return set.map(({ key }) => ({ path: ["limits", key], at: "value", message }));
}

/** Where no listener takes PROXY headers, proxies are trusted for their fields, by which nobody is let in. */
function clientWarnings({ access, routes, listeners, trustedProxies }: Config): Fault[] {
  if (trustedProxies.length === 0 || listeners.some(({ proxyProtocol }) => proxyProtocol)) return [];
  const message = "of a client behind one of trustedProxies the proxy's address counts: no listener has proxyProtocol";
  const rules = [
    { path: ["access", "clients"], clients: access.clients },
    ...routes.map(({ clients }, i) => ({ path: ["routes", i, "clients"], clients })),
  ].filter(({ clients }) => clients.allow.length + clients.deny.length > 0);
  return rules.map(({ path }) => ({ path, at: "key", message }));
}

function adminWarnings({ admin }: Config): Fault[] {
  if (isLoopback(admin.host)) return [];
  if (admin.auth !== undefined) {
    const message =
      "not a loopback address, and it speaks without TLS: who sees the network sees the secret of admin.auth";
    return [{ path: ["admin", "address"], at: "value", message }];
  }
  const message =
    "not a loopback address: anybody who reaches it can read the metrics; streams, events, console, reload and drain are " +
    "closed to other machines as long as there is no admin.auth";
  return [{ path: ["admin", "address"], at: "value", message }];
}

function http2Warnings({ http2 }: Config): Fault[] {
  const warnings: Fault[] = [];
  if (http2.resetBurst < 4 * http2.maxConcurrentStreams) {
    const message = "below 4 × maxConcurrentStreams: a page that is reloaded a few times loses its connection";
    warnings.push({ path: ["http2", "resetBurst"], at: "value", message });
  }
  if (http2.connectionWindowBytes < http2.streamWindowBytes) {
    const message = "below streamWindowBytes: no stream can use its window";
    warnings.push({ path: ["http2", "connectionWindowBytes"], at: "value", message });
  }
  return warnings;
}

function deadlineWarnings({ deadlines: { closeSpreadMs, drainMs } }: Config): Fault[] {
  if (closeSpreadMs < drainMs) return [];
  const message = `not below drainMs (${drainMs}): a drain cuts WebSockets before their Close is due`;
  return [{ path: ["deadlines", "closeSpreadMs"], at: "value", message }];
}

/** Other programs take a star for whatever may stand there. */
function starWarnings({ routes }: Config): Fault[] {
  return routes.flatMap(({ match, path }, i): Fault[] => {
    const option = match === "exact" ? "path" : "pathPrefix";
    const message = "the star is a star here: a pathPrefix takes all that is below it without one";
    return path.includes("*") ? [{ path: ["routes", i, option], at: "value", message }] : [];
  });
}
