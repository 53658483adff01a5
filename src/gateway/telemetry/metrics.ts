import { Registry, type Counter } from "prom-client";
import type { ConnectionAbuse } from "../../transport/connection-abuse.ts";
import type { ConnectionFailure, ListenerObserver } from "../../transport/listener-observer.ts";
import type { ConnectionFacts, TransportRefusal } from "../../transport/opening.ts";
import type { H2Observer } from "../../transport/h2-observer.ts";
import { AccessMetrics } from "./access-metrics.ts";
import { condensed, MaxDetailed } from "./condensed.ts";
import { ConfigMetrics, type CertificateExpiry, type LimitsInForce, type ReloadLabel } from "./config-metrics.ts";
import { ConnectionMetrics, limitOfFailure } from "./connection-metrics.ts";
import { DialMetrics, type DialReport, type KnownUpstream, type PhaseLabel } from "./dial-metrics.ts";
import { H2Metrics } from "./h2-metrics.ts";
import { KnownNames } from "./known-names.ts";
import { LimitKinds, type LimitKind } from "./limit-kind.ts";
import { exposition, type Exposition } from "./exposition-text.ts";
import { counterOf, gaugeOf } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";
import { OpeningMetrics } from "./opening-metrics.ts";
import { resultOfRefusal, type OpeningResult } from "./opening-result.ts";
import { collectProcessMetrics } from "./process-metrics.ts";
import { RequestMetrics, type RequestOutcome } from "./request-metrics.ts";
import { StreamMetrics } from "./stream-metrics.ts";
import { Protocols, protocolOf, type Protocol, type StreamRegistry } from "./stream-registry.ts";

/** The label of a route where none matched, and of a protocol where none is spoken yet. */
const None = "none";

/** What {@link Metrics} is told at the start, and asks at each scrape. */
export interface MetricsOptions {
  /** For `hawser_build_info`. */
  readonly version: string;
  /** Connections that wait for their turn to shake hands. */
  readonly handshakesWaiting: () => number;
  /** Lines of the log that were dropped, since nobody read it. */
  readonly logLinesDropped: () => number;
  /** What is held now of all WebSockets, by the direction in which it goes; not given: there are none here. */
  readonly bufferedBytes?: () => { readonly toUpstream: number; readonly toClient: number };
}

/** The names that a config has. */
export interface ConfigNames {
  readonly routes: readonly string[];
  readonly listeners: readonly string[];
  readonly upstreams?: readonly KnownUpstream[];
}

/**
 * All metrics of one gateway, as Prometheus reads them. Label values come from the config and from closed unions, so
 * clients cannot make series.
 */
export class Metrics implements ListenerObserver {
  readonly #registry = new Registry();
  readonly #openings = new OpeningMetrics(this.#registry);
  readonly #requests = new RequestMetrics(this.#registry);
  readonly #access = new AccessMetrics(this.#registry);
  readonly #dials = new DialMetrics(this.#registry);
  readonly #h2 = new H2Metrics(this.#registry);
  readonly #config = new ConfigMetrics(this.#registry);
  readonly #limits = counterOf(
    this.#registry,
    "hawser_limits_hit_total",
    "How often somebody ran into a limit, by which one.",
    ["limit", "protocol"],
  );
  readonly #streams: StreamMetrics;
  readonly #connections: ConnectionMetrics;
  readonly #routes = new KnownNames();
  readonly #listeners = new KnownNames();
  readonly #upstreams = new KnownNames();
  /** Whether there are so many names that not each has all series. */
  #isCondensed = false;

  /** Observes `streams`. One per process: node's own metrics are in it. */
  constructor(streams: StreamRegistry, options: MetricsOptions) {
    const { version, handshakesWaiting, logLinesDropped } = options;
    this.#streams = new StreamMetrics(streams, this.#registry);
    this.#connections = new ConnectionMetrics(this.#registry, handshakesWaiting);
    const dropped: Counter = counterOf(
      this.#registry,
      "hawser_log_lines_dropped_total",
      "Lines of the log that were dropped, since nobody read it.",
      [],
      () => {
        dropped.reset();
        dropped.inc(logLinesDropped());
      },
    );
    this.#watchBuffers(options.bufferedBytes ?? (() => ({ toUpstream: 0, toClient: 0 })));
    collectProcessMetrics(this.#registry, version);
    this.#openings.begin(None);
    this.#access.begin(None);
    for (const limit of LimitKinds)
      for (const protocol of [None, ...Protocols]) this.#limits.inc({ limit, protocol }, 0);
  }

  /** The answer to a scrape with this `Accept`; reads each live stream's counters. */
  async scrape(accept?: string): Promise<Exposition> {
    return exposition(await this.families(), accept);
  }

  /** The same as data, for a page that several processes have in common. */
  async families(): Promise<MetricFamily[]> {
    const own = this.#streams.publish();
    own.push(...this.#openings.families(), ...this.#dials.families(), ...this.#h2.families());
    const families = [...(await this.#registry.getMetricsAsJSON()), ...own];
    return this.#isCondensed ? condensed(families) : families;
  }

  /**
   * The names that the config has from now on. The series of new ones begin with zeros; those of the last hundred that left it
   * stay as they are. With more than {@link MaxDetailed} routes or upstreams the page is {@link condensed}.
   */
  know({ routes, listeners, upstreams = [] }: ConfigNames): void {
    this.#isCondensed = Math.max(routes.length, upstreams.length) > MaxDetailed;
    for (const route of this.#routes.replace(routes)) {
      this.#openings.forget(route);
      this.#requests.forget(route);
      this.#access.forget(route);
    }
    for (const listener of this.#listeners.replace(listeners)) {
      this.#connections.forget(listener);
      this.#h2.forget(listener);
    }
    for (const upstream of this.#upstreams.replace(upstreams.map(({ name }) => name))) this.#dials.forget(upstream);
    for (const route of routes) {
      this.#openings.begin(route);
      this.#requests.begin(route);
      this.#access.begin(route);
    }
    for (const listener of listeners) {
      this.#connections.begin(listener);
      this.#h2.begin(listener);
    }
    this.#dials.know(upstreams);
  }

  /** An opening that reached the gateway is over after `seconds`; `route` is empty if none matched. */
  opening(route: string, protocol: Protocol, result: OpeningResult, seconds: number, traceId?: string): void {
    this.#openings.over(route || None, protocol, result, seconds, traceId);
    this.#access.over(route || None, protocol, result);
  }

  /** A part of an opening is over. */
  phaseOver(phase: PhaseLabel, protocol: Protocol, seconds: number): void {
    this.#dials.phaseOver(phase, protocol, seconds);
  }

  /** An address of an upstream was dialed for a WebSocket. */
  dialOver(report: DialReport): void {
    this.#dials.dialOver(report);
  }

  /** Who is told of the HTTP/2 connections of `listener`. */
  http2(listener: string): H2Observer {
    return this.#h2.observerOf(listener);
  }

  /** The transport refused a request by itself, before anybody looked for its route. */
  refused(refusal: TransportRefusal, connection: ConnectionFacts): void {
    const protocol = protocolOf(connection);
    this.#openings.over(None, protocol, resultOfRefusal(refusal));
    if (refusal === "header-size") this.limitHit("header_size", protocol);
  }

  /** A connection was ended, since its client had spent its budget for `abuse`. */
  abused(abuse: ConnectionAbuse, { listener }: ConnectionFacts): void {
    this.#connections.abused(listener, abuse);
  }

  /** An ordinary HTTP request is over. */
  request(outcome: RequestOutcome): void {
    const { route, protocol, result } = outcome;
    this.#requests.over(route || None, outcome);
    this.#access.over(route || None, protocol, result);
  }

  /** Somebody ran into `limit`; `protocol` is `undefined` where no HTTP is spoken yet. */
  limitHit(limit: LimitKind, protocol: Protocol | undefined): void {
    this.#limits.inc({ limit, protocol: protocol ?? None });
  }

  /** Config number `generation`, counted from 1, is in force from now on. */
  configGeneration(generation: number): void {
    this.#config.generation(generation);
  }

  /** What may be open from now on. */
  configLimits(limits: LimitsInForce): void {
    this.#config.limits(limits);
  }

  /** A reload was tried. */
  reload(result: ReloadLabel): void {
    this.#config.reload(result);
  }

  /** `certificates` are all there are from now on: the series of others are gone. */
  certificatesExpire(certificates: readonly CertificateExpiry[]): void {
    this.#config.certificates(certificates);
  }

  connectionOpened(connection: ConnectionFacts, tlsMs?: number): void {
    this.#connections.opened(connection);
    if (tlsMs !== undefined) this.#dials.phaseOver("tls", protocolOf(connection), tlsMs / 1000);
  }

  connectionClosed(connection: ConnectionFacts): void {
    this.#connections.closed(connection);
  }

  /** A limit on connections, or a lack of descriptors, counts as a limit hit too. */
  connectionFailed(listener: string, reason: ConnectionFailure): void {
    this.#connections.failed(listener, reason);
    const limit = limitOfFailure(reason);
    if (limit !== undefined) this.limitHit(limit, undefined);
  }

  #watchBuffers(bufferedBytes: NonNullable<MetricsOptions["bufferedBytes"]>): void {
    const buffered = gaugeOf(
      this.#registry,
      "hawser_buffered_bytes",
      "Bytes held now of all WebSockets, by the direction in which they go.",
      ["direction"],
      () => {
        const { toUpstream, toClient } = bufferedBytes();
        buffered.set({ direction: "to_upstream" }, toUpstream);
        buffered.set({ direction: "to_client" }, toClient);
      },
    );
  }
}
