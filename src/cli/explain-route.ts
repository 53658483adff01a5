import type {
  ClientRules,
  Config,
  HostField,
  OriginRule,
  RouteConfig,
  RouteTarget,
  StreamLimits,
} from "../gateway/config/config.ts";
import { RouteTable } from "../gateway/routing/route-table.ts";
import { amount, duration, size } from "./quantities.ts";

/** The routes in the order in which they are tried, each with what holds on it. */
export function explainRoutes({ routes }: Config): string[][] {
  return new RouteTable(routes).routes.flatMap((route) => {
    const facts = [explainTarget(route.target), ...explainRules(route)];
    return facts.map((fact, i) => (i === 0 ? [route.name, explainRequests(route), fact] : ["", "", fact]));
  });
}

/** Who is let in by `rules`, or `undefined` if everybody is. */
export function explainClients({ allow, deny }: ClientRules): string | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined;
  const allowed = allow.length === 0 ? "everybody" : allow.join(", ");
  return deny.length === 0 ? allowed : `${allowed}, but not ${deny.join(", ")}`;
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
      return `→ handler ${target.handler}${target.compress ? ", compressed" : ""}`;
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

function explainRules({ target, origins, clients, maxStreams, streams }: RouteConfig): string[] {
  const who = explainClients(clients);
  return [
    ...(who === undefined ? [] : [`clients: ${who}`]),
    ...(target.type === "root" ? [] : [explainOrigins(origins), explainStreams(streams, maxStreams)]),
  ];
}

function explainOrigins(origins: OriginRule): string {
  switch (origins.type) {
    case "same":
      return "pages of the same host and port";
    case "list":
      return `pages of the same host and port, ${origins.origins.join(", ")}`;
    case "any":
      return "pages of every site";
    default:
      return origins satisfies never;
  }
}

/** The limits that there are. */
function explainStreams(streams: StreamLimits, maxStreams: number | undefined): string {
  const { maxMessageBytes, maxFrameBytes, maxFragments, maxBufferedBytes, idleMs, maxAgeMs, maxAgeJitter } = streams;
  const limits = [
    maxMessageBytes === undefined ? "" : `${size(maxMessageBytes)} a message`,
    maxFrameBytes === undefined ? "" : `${size(maxFrameBytes)} a frame`,
    maxFragments === undefined ? "" : `${amount(maxFragments, "fragment")} of it`,
    `${size(maxBufferedBytes)} waiting`,
    idleMs === undefined ? "" : `${duration(idleMs)} idle`,
    maxAgeMs === undefined
      ? ""
      : `${duration(maxAgeMs)} old (a random part of ${Math.round(maxAgeJitter * 100)} % less)`,
  ];
  const each = `each WebSocket up to ${limits.filter((limit) => limit !== "").join(", ")}`;
  return maxStreams === undefined ? each : `${each}; ${amount(maxStreams, "WebSocket")} at once`;
}
