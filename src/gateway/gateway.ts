import { WebSocketError } from "../protocol/errors.ts";
import type { ConnectionFacts, HttpExchange, Opening, TransportRefusal } from "../transport/opening.ts";
import { Listener } from "../transport/listener.ts";
import { AdminServer, type BoundAddress, type Readiness } from "./admin/api.ts";
import type { Config, HostPort, ListenerConfig } from "./config/config.ts";
import { drain } from "./lifecycle/drain.ts";
import { UpstreamProcess } from "./lifecycle/upstream-process.ts";
import { trustedProxyList } from "./routing/forwarded-fields.ts";
import { LiveStreams } from "./serving/live-streams.ts";
import { serveExchange } from "./serving/serve-exchange.ts";
import { serveOpening } from "./serving/serve-opening.ts";
import type { ServingContext } from "./serving/serving-context.ts";
import { routeLabels, Site } from "./serving/site.ts";
import { Metrics, resultOfRefusal } from "./telemetry/metrics.ts";
import {
  closedLine,
  failedLine,
  openedLine,
  refusedLine,
  type LineStyle,
  type RefusedOpening,
} from "./telemetry/stream-log.ts";
import { protocolOf, StreamRegistry } from "./telemetry/stream-registry.ts";

/** How long connections may take to leave after GOAWAY, once their streams are over. */
const FarewellMs = 1_000;

/** What a gateway is given beside its config. */
export interface GatewayOptions {
  /** Takes each line of the log, without a line end. */
  readonly log: (line: string) => void;
  /** For `hawser_build_info`. */
  readonly version: string;
  readonly style?: LineStyle;
}

/**
 * The whole product behind one config: wires the floors together.
 *
 * ```text
 *  new ──start()──▶ ready ──stop()──▶ draining ──last stream gone, or drainMs──▶ stopped
 *                     └───────────abort()──┴──────────────────────────────────────▲
 * ```
 */
export class Gateway {
  readonly #config: Config;
  readonly #options: GatewayOptions;
  readonly #streams: StreamRegistry;
  readonly #metrics: Metrics;
  readonly #live = new LiveStreams();
  readonly #admin: AdminServer;
  readonly #processes: readonly UpstreamProcess[];
  readonly #cut = new AbortController();
  /** Where each listener listens, by name. */
  readonly #bound = new Map<string, BoundAddress>();
  #listeners: readonly Listener[] = [];
  #connections = 0;
  #readiness: Readiness = "starting";
  #stopped: Promise<void> | undefined;

  constructor(config: Config, options: GatewayOptions) {
    this.#config = config;
    this.#options = options;
    this.#streams = new StreamRegistry({ routes: routeLabels(config) });
    this.#metrics = new Metrics(this.#streams, { version: options.version });
    this.#logStreams();
    this.#admin = new AdminServer({
      ...config.admin,
      metrics: this.#metrics,
      readiness: () => this.#readiness,
    });
    this.#processes = config.upstreams.flatMap(({ name, command }) =>
      command === undefined ? [] : [new UpstreamProcess({ name, command, folder: config.folder }, options.log)],
    );
  }

  /**
   * Loads what the routes lead to, starts the upstreams' own processes and listens.
   *
   * @throws Error naming the listener, handler or folder at fault; nothing is left running then.
   */
  async start(): Promise<void> {
    const site = await Site.load(this.#config);
    try {
      const admin = await this.#bind("admin", this.#config.admin, () => this.#admin.listen());
      this.#options.log(`admin http://${authorityOf(admin)}`);
      for (const process of this.#processes) process.start();
      for (const listener of this.#config.listeners) await this.#listen(listener, site);
    } catch (error) {
      await this.#undo();
      throw error;
    }
    this.#readiness = "ready";
    this.#greet();
  }

  /** Drains and stops; resolves when everything is gone, `drainMs` and a little later at the latest. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#drain());
  }

  /** Ends everything at once, the upstreams' own processes too; a `stop` under way resolves soon. */
  abort(): void {
    this.#cut.abort();
    this.#live.abort();
    for (const process of this.#processes) process.kill();
  }

  async #drain(): Promise<void> {
    this.#readiness = "draining";
    const { drainMs } = this.#config.deadlines;
    this.#options.log(`stopping: ${this.#live.size} streams to close, ${drainMs / 1000} s at most`);
    await drain(this.#listeners, this.#live, { drainMs, farewellMs: FarewellMs, cut: this.#cut.signal });
    await this.#undo();
    this.#options.log("stopped");
  }

  async #undo(): Promise<void> {
    await Promise.all([
      ...this.#listeners.map((listener) => listener.destroy()),
      ...this.#processes.map((process) => process.stop()),
      this.#admin.close(),
    ]);
  }

  readonly #nextConnectionId = (): number => (this.#connections += 1);

  async #listen(config: ListenerConfig, site: Site): Promise<void> {
    const { deadlines, http2 } = this.#config;
    const listener = new Listener(
      { ...config, http2, deadlines, nextConnectionId: this.#nextConnectionId },
      this.#sinkOf(site),
      this.#metrics,
    );
    this.#listeners = [...this.#listeners, listener];
    const bound = await this.#bind(`listener ${config.name}`, config, () => listener.listen());
    this.#bound.set(config.name, bound);
    const scheme = config.tls === undefined ? "http" : "https";
    this.#options.log(`listening ${config.name} ${scheme}://${authorityOf(bound)}`);
  }

  async #bind(what: string, { host, port }: HostPort, listen: () => Promise<BoundAddress>): Promise<BoundAddress> {
    try {
      return await listen();
    } catch (cause) {
      throw new Error(`${what} cannot listen on ${host} port ${port}: ${whyNotBound(cause)}`, { cause });
    }
  }

  #sinkOf(site: Site) {
    const context = this.#context();
    const metrics = this.#metrics;
    return {
      opening: (opening: Opening) => serveOpening(opening, site, context),
      exchange: (exchange: HttpExchange) =>
        serveExchange(exchange, site, (route, protocol, status) => metrics.request(route, protocol, status)),
      refused: (refusal: TransportRefusal, connection: ConnectionFacts) => {
        metrics.refused(refusal, connection);
        this.#logRefused({
          route: "",
          protocol: protocolOf(connection),
          result: resultOfRefusal(refusal),
          status: 0,
        });
      },
    };
  }

  /** Where there is a page to look at, tells a person at the terminal what to do. */
  #greet(): void {
    const { listeners, routes } = this.#config;
    const isPage = routes.some(({ target, path }) => target.type === "root" && path === "");
    const secure = listeners.find(({ host, tls }) => tls !== undefined && ["127.0.0.1", "::1"].includes(host));
    if (!isPage || secure === undefined) return;
    const port = this.#bound.get(secure.name)?.port ?? secure.port;
    this.#options.log(`open https://localhost:${port}/ in a browser; if its certificate is self-made, accept it once`);
    this.#options.log("Ctrl-C closes every stream and stops, a second one stops at once");
  }

  #context(): ServingContext {
    const { deadlines, handlers, trustedProxies } = this.#config;
    return {
      streams: this.#streams,
      live: this.#live,
      limits: { ...handlers, closeMs: deadlines.closeMs, writeStallMs: deadlines.writeStallMs },
      trustedProxies: trustedProxyList(trustedProxies),
      openingOver: (outcome) => {
        this.#metrics.opening(outcome.route, outcome.protocol, outcome.result, outcome.seconds);
        if (outcome.result !== "accepted") this.#logRefused(outcome);
      },
      handlerFailed: (route, failure) => {
        // That a client broke a rule is no failure of the handler, and is counted.
        if (failure instanceof WebSocketError && failure.origin === "peer") return;
        this.#options.log(failedLine(route, failure, Date.now(), this.#options.style));
      },
    };
  }

  #logRefused(refused: RefusedOpening): void {
    this.#options.log(refusedLine(refused, Date.now(), this.#options.style));
  }

  #logStreams(): void {
    const { log, style } = this.#options;
    const streams = this.#streams;
    streams.observe({
      opened: (record, now) => log(openedLine(record, streams.live.size, now, style)),
      closed: (record, ending, now) => log(closedLine(record, ending, now, style)),
    });
  }
}

/** What an operator can do about it, by the error's code. */
const BindCures: Readonly<Record<string, string>> = {
  EACCES: "hawser may not: choose a port from 1024 on, or give it CAP_NET_BIND_SERVICE",
  EADDRINUSE: "another process listens there: stop it, or choose another port",
  EADDRNOTAVAIL: "this machine has no such address: 0.0.0.0 or [::] is every one it has",
  ENOTFOUND: "no such host is known: write an IP address",
};

function whyNotBound(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  const cure = BindCures[code];
  return cure === undefined ? cause.message : `${cure} (${code})`;
}

function authorityOf({ address, family, port }: BoundAddress): string {
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
