import type { Config, RouteConfig } from "../gateway/config/config.ts";
import { workerShare } from "../gateway/config/worker-share.ts";
import { descriptorNeeds } from "../gateway/lifecycle/descriptor-needs.ts";
import { size } from "./quantities.ts";

/** What is read from a socket at once, and so waits on top of a bound. */
const ChunkBytes = 65_536;

/** What one WebSocket of a route may make hawser hold. */
interface StreamCost {
  readonly route: RouteConfig;
  /** Infinite where a limit is off. */
  readonly bytes: number;
  readonly arithmetic: string;
}

/** The worst case of memory, as arithmetic from the limits. */
export function explainMemory(config: Config): string[][] {
  const { limits } = config;
  const costs = streamCosts(config);
  const streams = allStreams(costs, limits.maxStreams);
  const requests = allRequests(config);
  const fieldBytes = limits.maxConnections * limits.maxHeaderBytes;
  const total = streams.bytes + requests.bytes + fieldBytes;
  return [
    ...eachStream(costs),
    ...(costs.length === 0 ? [] : [["all WebSockets", `${streams.arithmetic} = ${orUnlimited(streams.bytes)}`]]),
    ...(requests.bytes === 0 ? [] : [["requests to upstreams", `${requests.arithmetic} = ${size(requests.bytes)}`]]),
    [
      "fields being read",
      `${limits.maxConnections} connections × ${size(limits.maxHeaderBytes)} = ${size(fieldBytes)}`,
    ],
    ["in all", orUnlimited(total)],
    [
      "not counted",
      "TLS, socket buffers of the system, V8, files being sent, what hawser keeps of each WebSocket, what handlers keep",
    ],
  ];
}

/** What one WebSocket takes, told once for the routes that have it in common. */
function eachStream(costs: readonly StreamCost[]): string[][] {
  const byArithmetic = Map.groupBy(costs, ({ arithmetic }) => arithmetic);
  return Array.from(byArithmetic.values(), ([first, ...others]) => {
    if (first === undefined) return [];
    const names = [first, ...others].map(({ route }) => route.name).join(", ");
    return ["a WebSocket", `${first.arithmetic} = ${orUnlimited(first.bytes)}: ${names}`];
  });
}

/** How many files it may have open: sockets, but for few. */
export function explainFiles(config: Config, openFiles: number | undefined): string[][] {
  const { workers } = config;
  const { maxConnections, maxStreams, maxUpstreamConnections } = descriptorNeeds(workerShare(config, workers));
  const sum = maxConnections + maxStreams + maxUpstreamConnections;
  return [
    [
      workers > 1 ? "needed by each worker" : "needed",
      `${maxConnections} of clients + ${maxStreams} of WebSockets to upstreams + ` +
        `${maxUpstreamConnections} of requests to upstreams = ${sum}, and a few of its own`,
    ],
    ["there are", openFiles === undefined ? "unknown here" : `${openFiles} (RLIMIT_NOFILE of this process)`],
  ];
}

function streamCosts(config: Config): StreamCost[] {
  const unread = unreadBytes(config);
  return config.routes.flatMap((route): StreamCost[] => {
    const { maxBufferedBytes, maxMessageBytes = Infinity } = route.streams;
    switch (route.target.type) {
      case "upstream": {
        const bytes = unread + 2 * (maxBufferedBytes + ChunkBytes);
        const arithmetic = `${size(unread)} unread + 2 ways × (${size(maxBufferedBytes)} waiting + ${size(ChunkBytes)} read)`;
        return [{ route, bytes, arithmetic }];
      }
      case "handler": {
        const bytes = unread + maxMessageBytes + maxBufferedBytes;
        const message = maxMessageBytes === Infinity ? "any" : size(maxMessageBytes);
        return [
          {
            route,
            bytes,
            arithmetic: `${size(unread)} unread + ${message} message + ${size(maxBufferedBytes)} waiting`,
          },
        ];
      }
      case "root":
        return [];
      default:
        return route.target satisfies never;
    }
  });
}

/** As many WebSockets as there may be, the dearest routes first. */
function allStreams(
  costs: readonly StreamCost[],
  maxStreams: number,
): { readonly bytes: number; readonly arithmetic: string } {
  let left = maxStreams;
  let bytes = 0;
  const parts: string[] = [];
  for (const { route, bytes: each } of costs.toSorted((one, other) => other.bytes - one.bytes)) {
    const count = Math.min(left, route.maxStreams ?? left);
    if (count === 0) continue;
    left -= count;
    bytes += count * each;
    parts.push(`${count} × ${orUnlimited(each)} of ${route.name}`);
  }
  return { bytes, arithmetic: parts.join(" + ") };
}

function allRequests(config: Config): { readonly bytes: number; readonly arithmetic: string } {
  const { maxUpstreamConnections: connections } = descriptorNeeds(config);
  const waiting = config.upstreams
    .filter(({ takesRequests }) => takesRequests)
    .reduce((sum, { maxWaiting }) => sum + maxWaiting, 0);
  const unread = unreadBytes(config);
  const arithmetic =
    `${connections} connections × (${size(unread)} unread + 2 ways × ${size(ChunkBytes)} read) + ` +
    `${waiting} that wait for one × ${size(unread)} unread`;
  return { bytes: connections * (unread + 2 * ChunkBytes) + waiting * unread, arithmetic };
}

/** What a client may have sent on one stream that nobody has taken. */
function unreadBytes({ listeners, http2 }: Config): number {
  return listeners.some(({ protocols }) => protocols.includes("h2")) ? http2.streamWindowBytes : ChunkBytes;
}

function orUnlimited(bytes: number): string {
  return bytes === Infinity ? "no limit" : size(bytes);
}
