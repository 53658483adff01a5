import { Registry } from "prom-client";
import type { ConnectionFailure, ListenerObserver } from "../../transport/listener.ts";
import type { ConnectionFacts, TransportRefusal } from "../../transport/opening.ts";
import { counterOf, gaugeOf, histogramOf, labelValue } from "./metric-family.ts";
import { collectProcessMetrics } from "./process-metrics.ts";
import { StreamMetrics } from "./stream-metrics.ts";
import { Protocols, protocolOf, type Protocol, type StreamRegistry } from "./stream-registry.ts";

/** What became of an opening: the WebSocket is open, or who said no and why. */
export const OpeningResults = [
  "accepted",
  "no_route",
  "upstream_refused",
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_invalid",
  "malformed",
  "version",
  "not_websocket",
  "deadline",
  "draining",
  "client_left",
] as const;
export type OpeningResult = (typeof OpeningResults)[number];

/** The result of a request that the transport refuses by itself. */
export function resultOfRefusal(refusal: TransportRefusal): OpeningResult {
  return refusal === "not-websocket" ? "not_websocket" : refusal;
}

/**
 * Seconds. From a handler's answer within the process to the longest wait an opening has: 5, 10 and 30 s are the defaults
 * of `connectTimeoutMs`, `answerTimeoutMs` and `answerMs`, so what nearly ran into one stands apart from what did.
 */
const OpeningBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The route's label where none matched. */
const NoRoute = "none";

const StatusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/**
 * All metrics of one gateway, as Prometheus reads them. Label values come from the config and from closed unions, so
 * clients cannot make series.
 */
export class Metrics implements ListenerObserver {
  readonly #registry = new Registry();
  readonly #streams: StreamMetrics;
  readonly #openings = counterOf(
    this.#registry,
    "hawser_openings_total",
    "WebSocket openings by what became of them.",
    ["route", "protocol", "result"],
  );
  readonly #openingDuration = histogramOf(
    this.#registry,
    "hawser_opening_duration_seconds",
    "From the opening request to its answer, whatever that was.",
    ["route", "protocol"],
    OpeningBuckets,
  );
  readonly #connectionsOpen = gaugeOf(
    this.#registry,
    "hawser_client_connections_open",
    "TCP connections of clients open now.",
    ["listener", "protocol"],
  );
  readonly #connections = counterOf(
    this.#registry,
    "hawser_client_connections_total",
    "TCP connections of clients that spoke HTTP.",
    ["listener", "protocol"],
  );
  readonly #connectionsFailed = counterOf(
    this.#registry,
    "hawser_client_connections_failed_total",
    "TCP connections of clients that never came as far as HTTP, by reason.",
    ["listener", "reason"],
  );
  readonly #requests = counterOf(
    this.#registry,
    "hawser_http_requests_total",
    "Ordinary HTTP requests answered, by class of status.",
    ["route", "protocol", "status"],
  );

  /** Observes `streams`, and begins with zeros for the routes these know. One per process: node's own metrics are in it. */
  constructor(streams: StreamRegistry, { version }: { readonly version: string }) {
    this.#streams = new StreamMetrics(streams, this.#registry);
    collectProcessMetrics(this.#registry, version);
    this.#beginOpenings(streams);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of a scrape; reads each live stream's counters. */
  text(): Promise<string> {
    this.#streams.publish();
    return this.#registry.metrics();
  }

  /** An opening that reached the gateway is over after `seconds`; `route` is empty if none matched. */
  opening(route: string, protocol: Protocol, result: OpeningResult, seconds: number): void {
    const labels = { route: route || NoRoute, protocol };
    this.#openings.inc({ ...labels, result });
    this.#openingDuration.observe(labels, seconds);
  }

  /** The transport refused a request by itself, before anybody looked for its route. */
  refused(refusal: TransportRefusal, connection: ConnectionFacts): void {
    this.#openings.inc({ route: NoRoute, protocol: protocolOf(connection), result: resultOfRefusal(refusal) });
  }

  /** An ordinary HTTP request was answered; `route` is empty if none matched. */
  request(route: string, protocol: Protocol, status: number): void {
    this.#requests.inc({
      route: route || NoRoute,
      protocol,
      status: StatusClasses[Math.floor(status / 100) - 1] ?? "other",
    });
  }

  connectionOpened(connection: ConnectionFacts): void {
    const labels = { listener: connection.listener, protocol: protocolOf(connection) };
    this.#connections.inc(labels);
    this.#connectionsOpen.inc(labels);
  }

  connectionClosed(connection: ConnectionFacts): void {
    this.#connectionsOpen.dec({ listener: connection.listener, protocol: protocolOf(connection) });
  }

  connectionFailed(listener: string, reason: ConnectionFailure): void {
    this.#connectionsFailed.inc({ listener, reason: labelValue(reason) });
  }

  #beginOpenings(streams: StreamRegistry): void {
    for (const route of new Set([NoRoute, ...streams.totals().map((totals) => totals.route)])) {
      for (const protocol of Protocols) {
        for (const result of OpeningResults) this.#openings.inc({ route, protocol, result }, 0);
      }
    }
  }
}
