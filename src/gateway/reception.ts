import { WebSocketError } from "../protocol/errors.ts";
import type { ListenerObserver } from "../transport/listener-observer.ts";
import { DeadlineList } from "../transport/deadline-list.ts";
import type { AcceptorSink } from "../transport/opening.ts";
import type { Config } from "./config/config.ts";
import { AccessPolicy } from "./policy/access.ts";
import { Admission } from "../websocket/admission.ts";
import { H2LingerMs } from "../websocket/linger.ts";
import { addressList } from "./routing/address-list.ts";
import { LiveStreams } from "./serving/live-streams.ts";
import { serveExchange } from "./serving/serve-exchange.ts";
import { serveOpening } from "./serving/serve-opening.ts";
import type { ServingContext } from "./serving/serving-context.ts";
import { routeLabels, type Site } from "./serving/site.ts";
import type { Tracing } from "./telemetry/tracing.ts";
import type { AccessLog } from "./telemetry/access-log.ts";
import { LocalStreams } from "./telemetry/local-streams.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { resultOfRefusal } from "./telemetry/opening-result.ts";
import type { SeenStreams } from "./telemetry/seen-streams.ts";
import { protocolOf, StreamRegistry } from "./telemetry/stream-registry.ts";

/** What a {@link Reception} is given beside its config. */
export interface ReceptionOptions {
  readonly log: AccessLog;
  /** For `hawser_build_info`. */
  readonly version: string;
  /** Streams are numbered from behind it. */
  readonly idsBehind: number;
  /** The number of this worker; 0 where one process serves alone. */
  readonly worker: number;
  /** Connections that wait for their turn to shake hands. */
  readonly handshakesWaiting: () => number;
}

/**
 * Takes what the listeners bring and has it served by the site that is in force at that moment. What outlives a change of
 * the config is here: live streams, their counts, metrics.
 */
export class Reception {
  readonly live = new LiveStreams();
  readonly metrics: Metrics;
  /** What operators see of the WebSockets here. */
  readonly views: LocalStreams;
  readonly sink: AcceptorSink;
  readonly #options: ReceptionOptions;
  readonly #streams: StreamRegistry;
  readonly #admission: Admission;
  #inForce: { readonly site: Site; readonly context: ServingContext } | undefined;

  constructor({ limits }: Config, options: ReceptionOptions) {
    this.#options = options;
    this.#admission = new Admission(limits);
    const { log, version, idsBehind, worker, handshakesWaiting } = options;
    this.#streams = new StreamRegistry({ idsBehind });
    this.metrics = new Metrics(this.#streams, {
      version,
      handshakesWaiting,
      logLinesDropped: () => log.droppedLines,
      bufferedBytes: () => bufferedBytesOf(this.views.seen),
    });
    this.#streams.observe(log);
    this.views = new LocalStreams({ streams: this.#streams, worker });
    this.sink = this.#createSink();
  }

  /** What comes from now on is served by `site`, which was loaded from `config`, as `tracing` was. */
  use(config: Config, site: Site, tracing: Tracing | undefined): void {
    this.#admission.update(config.limits);
    this.#options.log.follow(config.log);
    this.views.showsClients = config.admin.showClients;
    this.metrics.configLimits(config.limits);
    this.#streams.know(routeLabels(config));
    this.metrics.know({
      routes: config.routes.map(({ name }) => name),
      listeners: config.listeners.map(({ name }) => name),
      upstreams: site.upstreams,
    });
    this.#inForce = { site, context: this.#contextOf(config, tracing) };
  }

  /** Told of connections. */
  get observer(): ListenerObserver {
    const { metrics, views } = this;
    return {
      connectionOpened: (connection, tlsMs) => {
        metrics.connectionOpened(connection, tlsMs);
        views.tally.connectionOpened(connection);
      },
      connectionClosed: (connection) => {
        metrics.connectionClosed(connection);
        views.tally.connectionClosed(connection);
      },
      connectionFailed: (listener, reason) => metrics.connectionFailed(listener, reason),
      http2: (listener) => metrics.http2(listener),
    };
  }

  #createSink(): AcceptorSink {
    return {
      opening: (opening) => {
        if (this.#inForce !== undefined) serveOpening(opening, this.#inForce.site, this.#inForce.context);
      },
      exchange: (exchange) => {
        if (this.#inForce !== undefined) serveExchange(exchange, this.#inForce.site, this.#inForce.context);
      },
      refused: (refusal, connection) => {
        const outcome = { route: "", protocol: protocolOf(connection), result: resultOfRefusal(refusal), status: 0 };
        this.metrics.refused(refusal, connection);
        this.views.openingOver(outcome);
        this.#options.log.openingRefused(outcome);
      },
      abused: (abuse, connection) => {
        this.metrics.abused(abuse, connection);
        const { id, listener } = connection;
        this.#options.log.event("warn", `HTTP/2 connection ${id} of ${listener} ended: ${abuse}`, {
          connectionId: id,
          listener,
          abuse,
        });
      },
      failed: (error) => this.#options.log.handlerFailed("", error),
    };
  }

  #contextOf({ deadlines, access, trustedProxies }: Config, tracing: Tracing | undefined): ServingContext {
    const { log } = this.#options;
    const { metrics, views } = this;
    return {
      streams: this.#streams,
      live: this.live,
      seen: this.views.seen,
      deadlines,
      closing: new DeadlineList(deadlines.closeMs),
      lingering: new DeadlineList(H2LingerMs),
      access: new AccessPolicy(access),
      admission: this.#admission,
      trustedProxies: trustedProxies.length === 0 ? undefined : addressList(trustedProxies),
      tracing,
      observer: metrics,
      openingOver: (outcome) => {
        const { route, protocol, result, seconds, trace } = outcome;
        metrics.opening(route, protocol, result, seconds, trace?.traceId);
        views.openingOver(outcome, outcome.seconds);
        if (outcome.result !== "accepted") log.openingRefused(outcome);
      },
      requestOver: (outcome) => {
        metrics.request(outcome);
        log.request(outcome);
      },
      limitHit: (limit, protocol) => metrics.limitHit(limit, protocol),
      handlerFailed: (route, failure) => {
        // That a client broke a rule is no failure of the handler, and is counted.
        if (!(failure instanceof WebSocketError && failure.origin === "peer")) log.handlerFailed(route, failure);
      },
    };
  }
}

/** What is held of all of them, by the direction in which it goes. Costs time in proportion to them. */
function bufferedBytesOf(streams: SeenStreams): { readonly toUpstream: number; readonly toClient: number } {
  let [toUpstream, toClient] = [0, 0];
  for (const { moment } of streams.all) {
    toUpstream += moment.bufferedToUpstream;
    toClient += moment.bufferedToClient;
  }
  return { toUpstream, toClient };
}
