import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ConnectionFacts, TransportRefusal } from "../../transport/opening.ts";
import { StreamMetrics } from "./stream-metrics.ts";
import { Protocols, type Protocol, type StreamRegistry } from "./stream-registry.ts";

/** How the gateway answered an opening, or why it did not. */
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
  "handler_failed",
] as const;
export type OpeningResult = (typeof OpeningResults)[number];

/**
 * Seconds. From a handler's answer within the process to the longest wait an opening has: 5, 10 and 30 s are the defaults
 * of `connectTimeoutMs`, `answerTimeoutMs` and `answerMs`, so what runs into one of them stands in a bucket of its own.
 */
const OpeningBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * All metrics of one gateway, as Prometheus reads them. Label values come from the config and from closed unions, so the
 * number of series is bounded whatever clients do.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #streams: StreamMetrics;
  readonly #openings;
  readonly #openingDuration;
  readonly #connectionsOpen;
  readonly #connections;
  readonly #connectionsFailed;
  readonly #requests;

  constructor(streams: StreamRegistry, { version }: { readonly version: string }) {
    const registers = [this.#registry];
    this.#streams = new StreamMetrics(streams, this.#registry);
    this.#openings = new Counter({
      name: "hawser_openings_total",
      help: "WebSocket openings by what became of them.",
      labelNames: ["route", "protocol", "result"],
      registers,
    });
    this.#openingDuration = new Histogram({
      name: "hawser_opening_duration_seconds",
      help: "From the opening request of a client to its answer, whatever that is.",
      labelNames: ["route", "protocol"],
      buckets: OpeningBuckets,
      registers,
    });
    this.#connectionsOpen = new Gauge({
      name: "hawser_client_connections_open",
      help: "TCP connections of clients open now.",
      labelNames: ["listener", "protocol"],
      registers,
    });
    this.#connections = new Counter({
      name: "hawser_client_connections_total",
      help: "TCP connections of clients that came to speak HTTP.",
      labelNames: ["listener", "protocol"],
      registers,
    });
    this.#connectionsFailed = new Counter({
      name: "hawser_client_connections_failed_total",
      help: "TCP connections of clients that ended before they spoke HTTP, by reason.",
      labelNames: ["listener", "reason"],
      registers,
    });
    this.#requests = new Counter({
      name: "hawser_http_requests_total",
      help: "Ordinary HTTP requests answered, by class of status.",
      labelNames: ["route", "protocol", "status"],
      registers,
    });
    const build = new Gauge({
      name: "hawser_build_info",
      help: "1, with the version that runs.",
      labelNames: ["version"],
      registers,
    });
    build.set({ version }, 1);
    collectDefaultMetrics({ register: this.#registry });
    this.#beginOpenings(streams);
  }

  /** Zeros for what the config names: a rate over a counter that first appears with its first event misses that event. */
  #beginOpenings(streams: StreamRegistry): void {
    for (const route of new Set(["none", ...streams.totals().map((totals) => totals.route)])) {
      for (const protocol of Protocols) {
        for (const result of OpeningResults) this.#openings.inc({ route, protocol, result }, 0);
      }
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of a scrape. Reads each live stream's counters. */
  text(): Promise<string> {
    this.#streams.publish();
    return this.#registry.metrics();
  }

  /** An opening that reached the gateway is over after `seconds`; `route` is empty if none matched. */
  opening(route: string, protocol: Protocol, result: OpeningResult, seconds: number): void {
    const labels = { route: route || "none", protocol };
    this.#openings.inc({ ...labels, result });
    this.#openingDuration.observe(labels, seconds);
  }

  /** A request the transport refused by itself, before a route was looked for. */
  refused(refusal: TransportRefusal, connection: ConnectionFacts): void {
    const result: OpeningResult = refusal === "not-websocket" ? "not_websocket" : refusal;
    this.#openings.inc({ route: "none", protocol: protocolOf(connection), result });
  }

  /** An ordinary HTTP request was answered; `route` is empty if none matched. */
  request(route: string, protocol: Protocol, status: number): void {
    this.#requests.inc({ route: route || "none", protocol, status: `${Math.floor(status / 100)}xx` });
  }

  connectionOpened(connection: ConnectionFacts): void {
    const labels = { listener: connection.listener, protocol: protocolOf(connection) };
    this.#connections.inc(labels);
    this.#connectionsOpen.inc(labels);
  }

  connectionClosed(connection: ConnectionFacts): void {
    this.#connectionsOpen.dec({ listener: connection.listener, protocol: protocolOf(connection) });
  }

  connectionFailed(listener: string, reason: string): void {
    this.#connectionsFailed.inc({ listener, reason });
  }
}

function protocolOf({ httpVersion }: ConnectionFacts): Protocol {
  return httpVersion === "2" ? "h2" : "h1";
}
