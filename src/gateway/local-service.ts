import type { AddressInfo } from "node:net";
import { ConnectionGate } from "../transport/connection-gate.ts";
import type { Listener } from "../transport/listener.ts";
import { drain } from "../websocket/drain.ts";
import type { Config } from "./config/config.ts";
import { listeningLine } from "./lifecycle/bind.ts";
import { openFilesLimit } from "./lifecycle/descriptors.ts";
import type { ConfigDiff } from "./lifecycle/config-diff.ts";
import { Listeners, type ListenerChange, type ListenerSeat } from "./lifecycle/listeners.ts";
import { closeBehindReload, closeSpread } from "./lifecycle/reload-closes.ts";
import { RetiredListeners } from "./lifecycle/retired-listeners.ts";
import { Schedule } from "./lifecycle/schedule.ts";
import type { Service, ServiceChange } from "./lifecycle/service.ts";
import { Reception } from "./reception.ts";
import { Site } from "./serving/site.ts";
import type { AccessLog } from "./telemetry/access-log.ts";
import type { LocalStreams } from "./telemetry/local-streams.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { Tracing } from "./telemetry/tracing.ts";
import { TracingInForce } from "./telemetry/tracing-in-force.ts";

/** How long connections may take to leave after GOAWAY, once their streams are over. */
const FarewellMs = 1_000;

/** What a {@link LocalService} is given beside its config. */
export interface LocalServiceOptions {
  readonly log: AccessLog;
  /** For `hawser_build_info`. */
  readonly version: string;
  /** `undefined`: this process serves alone. */
  readonly seat?: ListenerSeat | undefined;
  /** The number of this worker, where it is one. */
  readonly worker?: number | undefined;
}

/** Serves clients in this process. */
export class LocalService implements Service {
  readonly failed = new Promise<Error>(() => undefined);
  readonly isServing = true;
  readonly #log: AccessLog;
  readonly #reception: Reception;
  readonly #gate: ConnectionGate;
  readonly #listeners: Listeners;
  /** What is still to be closed behind reloads. */
  readonly #closes = new Schedule(Math.random);
  readonly #cut = new AbortController();
  readonly #retired = new RetiredListeners(FarewellMs, this.#cut.signal);
  #config: Config;
  #site: Site | undefined;
  readonly #tracing: TracingInForce;

  constructor(config: Config, { log, version, seat, worker = 0 }: LocalServiceOptions) {
    this.#config = config;
    this.#log = log;
    this.#tracing = new TracingInForce(version, (line) => log.event("warn", line));
    this.#gate = new ConnectionGate(config.limits, openFilesLimit());
    this.#reception = new Reception(config, {
      log,
      version,
      idsBehind: seat?.idsBehind ?? 0,
      worker,
      handshakesWaiting: () => this.#gate.handshakes.waiting,
    });
    this.#gate.unread.onGivenUp = () => this.#reception.metrics.limitHit("unread_bytes", "h2");
    this.#listeners = new Listeners({
      gate: this.#gate,
      sink: this.#reception.sink,
      observer: this.#reception.observer,
      bound: (listener, address) => {
        if (seat === undefined) log.event("info", listeningLine(listener, address));
      },
      seat,
    });
  }

  get metrics(): Metrics {
    return this.#reception.metrics;
  }

  get views(): readonly [LocalStreams] {
    return [this.#reception.views];
  }

  get page(): Metrics {
    return this.#reception.metrics;
  }

  /** Connections of clients that are open. */
  get connections(): number {
    return this.#gate.connections;
  }

  /** Streams that live. */
  get streams(): number {
    return this.#reception.live.size;
  }

  addressOf(name: string): AddressInfo | undefined {
    return this.#listeners.addressOf(name);
  }

  describeStreams(): Promise<string> {
    return Promise.resolve(`${this.streams} streams`);
  }

  async start(beforeListening: () => Promise<void>): Promise<void> {
    const tracing = await this.#tracing.prepare(this.#config.tracing);
    const site = await Site.load(this.#config);
    this.#site = site;
    this.#reception.use(this.#config, site, tracing.commit());
    await beforeListening();
    const change = await this.#listeners.prepare(this.#config);
    change.commit();
  }

  async prepare(config: Config, diff: ConfigDiff): Promise<ServiceChange> {
    const tracing = await this.#tracing.prepare(config.tracing);
    const site = await Site.load(config, this.#site);
    const listeners = await this.#listeners.prepare(config);
    return {
      commit: () => {
        this.#takeOver(config, diff, site, listeners, tracing.commit());
        return Promise.resolve([]);
      },
      undo: () => listeners.undo(),
    };
  }

  async drain(): Promise<void> {
    this.#closes.cancel();
    const { live } = this.#reception;
    const { drainMs, closeSpreadMs } = this.#config.deadlines;
    this.#log.event("info", `draining: ${live.size} streams to close, ${drainMs / 1000} s at most`);
    const schedule = new Schedule(Math.random);
    const streams = {
      close: () => closeSpread(live.all(), "drain", { live, schedule, closeSpreadMs }),
      abort: () => {
        schedule.cancel();
        live.abort();
      },
      empty: (signal: AbortSignal) => live.empty(signal),
    };
    await drain(this.#allListeners, streams, { drainMs, farewellMs: FarewellMs, cut: this.#cut.signal });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#allListeners.map((listener) => listener.destroy()), this.#site?.destroy()]);
    // Behind the streams, whose spans end with them.
    await this.#tracing.shutdown();
  }

  abort(): void {
    this.#cut.abort();
    this.#closes.cancel();
    this.#reception.live.abort();
  }

  /** Nothing in it fails or waits. */
  #takeOver(
    config: Config,
    diff: ConfigDiff,
    site: Site,
    listeners: ListenerChange,
    tracing: Tracing | undefined,
  ): void {
    const before = this.#site;
    this.#config = config;
    this.#site = site;
    this.#gate.update(config.limits);
    this.#reception.use(config, site, tracing);
    const { closeMs, closeSpreadMs } = config.deadlines;
    const closes = { live: this.#reception.live, schedule: this.#closes, closeSpreadMs };
    for (const listener of listeners.commit()) this.#retired.retire(listener, { ...closes, closeMs });
    closeBehindReload(diff, { ...closes, changedRouteMs: config.reload.changedRouteMs });
    void before?.retire(site);
  }

  /** Those whose connections are not all gone. */
  get #allListeners(): Listener[] {
    return [...this.#listeners.all, ...this.#retired.all];
  }
}
