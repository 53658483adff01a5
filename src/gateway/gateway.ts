import { setTimeout as delay } from "node:timers/promises";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import { ConnectionGate } from "../transport/connection-gate.ts";
import type { Listener } from "../transport/listener.ts";
import { AdminPort } from "./admin/admin-port.ts";
import type { ActionOutcome, BoundAddress, Readiness } from "./admin/api.ts";
import { certificateFacts } from "./config/certificates.ts";
import type { Config, HostPort } from "./config/config.ts";
import { ConfigError } from "./config/fault.ts";
import { openFilesLimit } from "./lifecycle/descriptors.ts";
import { diffConfigs, formatDiff, type ConfigDiff } from "./lifecycle/config-diff.ts";
import { drain } from "../websocket/drain.ts";
import { FileWatch } from "./lifecycle/file-watch.ts";
import { Listeners } from "./lifecycle/listeners.ts";
import { closeBehindReload, closeSpread } from "./lifecycle/reload-closes.ts";
import { Reloader, type ReloadResult } from "./lifecycle/reloader.ts";
import { RetiredListeners } from "./lifecycle/retired-listeners.ts";
import { Schedule } from "./lifecycle/schedule.ts";
import { UpstreamProcesses } from "./lifecycle/upstream-processes.ts";
import { Reception } from "./reception.ts";
import { Site } from "./serving/site.ts";
import type { AccessLog } from "./telemetry/access-log.ts";

/** How long connections may take to leave after GOAWAY, once their streams are over. */
const FarewellMs = 1_000;
/** How long files must be quiet before a change of them is taken over: an editor, or a rollout, writes several. */
const SettleMs = 200;

/** What a gateway is given beside its config. */
export interface GatewayOptions {
  readonly log: AccessLog;
  /** For `hawser_build_info`. */
  readonly version: string;
  /** When the reading of the config began, as `Date.now` has it: a file that has changed since then is read anew. */
  readonly readSinceMs: number;
  /** Reads the config anew, for a reload. */
  readonly load: () => Promise<Config>;
}

/**
 * The whole product behind one config at a time: wires the floors together.
 *
 * ```text
 *              ┌──reload()──┐
 *  new ──start()──▶ ready ◀─┘──drain()──▶ draining ──last stream gone, or drainMs──▶ drained ──stop()──▶ stopped
 *                     └───────────────────────────abort()──┴──────────────────────────┴────────────────────▲
 * ```
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #reception: Reception;
  readonly #gate: ConnectionGate;
  readonly #listeners: Listeners;
  readonly #admin: AdminPort;
  readonly #processes: UpstreamProcesses;
  readonly #reloader = new Reloader(() => this.#reload());
  /** What is still to be closed behind reloads. */
  readonly #closes = new Schedule(Math.random);
  readonly #cut = new AbortController();
  readonly #retired = new RetiredListeners(FarewellMs, this.#cut.signal);
  #config: Config;
  #generation = 1;
  #site: Site | undefined;
  #watch: FileWatch | undefined;
  #readiness: Readiness = "starting";
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: Config, options: GatewayOptions) {
    this.#config = config;
    this.#options = options;
    this.#gate = new ConnectionGate(config.limits, openFilesLimit());
    this.#reception = new Reception(config, { ...options, handshakesWaiting: () => this.#gate.handshakes.waiting });
    this.#processes = new UpstreamProcesses((line) => options.log.event("info", line));
    this.#admin = this.#createAdmin();
    this.#listeners = new Listeners({
      gate: this.#gate,
      sink: this.#reception.sink,
      observer: this.#reception.metrics,
      bound: ({ name, certificates }, address) => {
        const scheme = certificates === undefined ? "http" : "https";
        options.log.event("info", `listening ${name} ${urlOf(scheme, address)}`);
      },
    });
  }

  /**
   * Loads what the routes lead to, starts the upstreams' own processes and listens.
   *
   * @throws Error naming the listener, handler or folder at fault; nothing is left running then.
   */
  start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  /**
   * Reads the config anew and takes it over, whole or not at all: what is wrong with it is logged and told, and everything
   * stays as it was. Streams of routes that are the same do not notice.
   */
  async reload(): Promise<ReloadResult> {
    const result = await this.#reloader.request();
    // Who asked wants to know that it was heard; a file that was only touched is nobody's concern.
    if (result.type === "unchanged") this.#options.log.event("info", "config read again: nothing has changed");
    return result;
  }

  /**
   * Stops taking connections and closes every stream with 1012, one after the other; resolves when they are gone, `drainMs`
   * and a little later at the latest. The process lives on, and the admin port with it.
   */
  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  /** Drains and stops; resolves when everything is gone. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** Stops without waiting for anybody, for the upstreams' own processes neither; a `stop` under way resolves soon. */
  abort(): void {
    this.#cut.abort();
    this.#closes.cancel();
    this.#reception.live.abort();
    this.#processes.kill();
    void this.stop();
  }

  async #start(): Promise<void> {
    try {
      this.#watchFiles(this.#options.readSinceMs);
      const site = await Site.load(this.#config);
      this.#site = site;
      this.#reception.use(this.#config, site);
      const admin = await this.#admin.prepare(this.#config.admin);
      admin.commit();
      await this.#processes.update(this.#config.upstreams, this.#config.folder);
      const change = await this.#listeners.prepare(this.#config);
      change.commit();
      if (this.#cut.signal.aborted) throw new Error("it was stopped before it had started");
    } catch (error) {
      await this.#undo();
      throw error;
    }
    this.#tookOver();
    this.#readiness = "ready";
    this.#greet();
  }

  async #stop(): Promise<void> {
    await this.drain();
    // One that takes longer closes what it has opened by itself.
    await Promise.race([this.#reloader.settled(), delay(FarewellMs, undefined, { ref: false })]);
    await this.#undo();
    this.#options.log.event("info", "stopped");
  }

  async #drain(): Promise<void> {
    // A start under way opens more than there is to close now.
    if (this.#readiness === "starting") await this.#started?.catch(() => undefined);
    this.#readiness = "draining";
    this.#watch?.close();
    this.#closes.cancel();
    const { live } = this.#reception;
    const { drainMs, closeSpreadMs } = this.#config.deadlines;
    this.#options.log.event("info", `draining: ${live.size} streams to close, ${drainMs / 1000} s at most`);
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
    this.#options.log.event("info", "drained");
  }

  /** Those whose connections are not all gone. */
  get #allListeners(): Listener[] {
    return [...this.#listeners.all, ...this.#retired.all];
  }

  async #undo(): Promise<void> {
    this.#watch?.close();
    await Promise.all([
      ...this.#allListeners.map((listener) => listener.destroy()),
      this.#processes.stop(),
      this.#site?.destroy(),
      this.#admin.close(),
    ]);
  }

  /** Never rejects. */
  async #reload(): Promise<ReloadResult> {
    const result = await this.#tryReload();
    const { log } = this.#options;
    this.#reception.metrics.reload(result.type);
    if (result.type === "applied") log.event("info", `config ${this.#generation} taken over: ${result.diff}`);
    else if (result.type === "refused") log.event("error", `config refused, the old one goes on: ${result.reason}`);
    return result;
  }

  async #tryReload(): Promise<ReloadResult> {
    if (this.#readiness !== "ready") return { type: "refused", reason: `the gateway is ${this.#readiness}` };
    const readSinceMs = Date.now();
    try {
      const config = await this.#options.load();
      this.#watch?.replace(config.files, readSinceMs);
      const diff = diffConfigs(this.#config, config);
      if (diff.isEmpty) return { type: "unchanged" };
      await this.#takeOver(config, diff, readSinceMs);
      return { type: "applied", diff: formatDiff(diff) };
    } catch (error) {
      // What a refused config names may be what is still missing: a certificate that comes a moment later.
      if (error instanceof ConfigError) this.#watch?.replace([...this.#config.files, ...error.files], readSinceMs);
      return { type: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Everything that can fail comes first; then nothing waits until the new config is in force. */
  async #takeOver(config: Config, diff: ConfigDiff, readSinceMs: number): Promise<void> {
    const before = this.#site;
    const site = await Site.load(config, before);
    const change = await this.#listeners.prepare(config);
    try {
      const admin = diff.sections.includes("admin") ? await this.#admin.prepare(config.admin) : undefined;
      if (this.#readiness !== "ready") {
        await admin?.undo();
        throw new Error(`the gateway is ${this.#readiness}`);
      }
      admin?.commit();
    } catch (error) {
      await change.undo();
      throw error;
    }
    this.#config = config;
    this.#site = site;
    this.#generation += 1;
    this.#gate.update(config.limits);
    this.#reception.use(config, site);
    const retired = change.commit();
    const { closeMs, closeSpreadMs } = config.deadlines;
    const closes = { live: this.#reception.live, schedule: this.#closes, closeSpreadMs };
    for (const listener of retired) this.#retired.retire(listener, { ...closes, closeMs });
    closeBehindReload(diff, { ...closes, changedRouteMs: config.reload.changedRouteMs });
    this.#tookOver();
    this.#watchFiles(readSinceMs);
    void this.#processes.update(config.upstreams, config.folder);
    void before?.retire(site);
  }

  /** What follows from the config that is in force now. */
  #tookOver(): void {
    const { listeners } = this.#config;
    const { metrics } = this.#reception;
    metrics.configGeneration(this.#generation);
    metrics.certificatesExpire(
      listeners.flatMap(({ name, certificates = [] }) =>
        certificates.map(({ certificate, serverNames }, i) => ({
          listener: name,
          certificate: serverNames[0] ?? String(i),
          expiresAt: certificateFacts(certificate).validUntil,
        })),
      ),
    );
  }

  /** Watches the files of the config in force, if it wants that. */
  #watchFiles(readSinceMs: number): void {
    const { files, reload } = this.#config;
    if (!reload.watch) {
      this.#watch?.close();
      this.#watch = undefined;
    } else {
      this.#watch ??= new FileWatch(files, () => void this.#reloader.request(), { settleMs: SettleMs, readSinceMs });
    }
  }

  #createAdmin(): AdminPort {
    const actions = new Map<string, () => ActionOutcome | Promise<ActionOutcome>>([
      ["reload", async () => outcomeOf(await this.reload())],
      ["drain", () => this.#beginDrain()],
    ]);
    const { metrics } = this.#reception;
    return new AdminPort({ metrics, readiness: () => this.#readiness, actions }, (address) =>
      this.#options.log.event("info", `admin ${urlOf("http", address)}`),
    );
  }

  #beginDrain(): ActionOutcome {
    const { size } = this.#reception.live;
    void this.drain();
    return { status: 202, text: `draining: ${size} streams to close` };
  }

  /** Where there is a page to look at, tells a person at the terminal what to do. */
  #greet(): void {
    const { listeners, routes } = this.#config;
    const isPage = routes.some(({ target, path }) => target.type === "root" && path === "");
    const isNear = ({ host }: HostPort): boolean => host === "127.0.0.1" || host === "::1";
    const secure = listeners.find((listener) => listener.certificates !== undefined && isNear(listener));
    if (!isPage || secure === undefined) return;
    const port = this.#listeners.addressOf(secure.name)?.port ?? secure.port;
    const { log } = this.#options;
    log.event("info", `open https://localhost:${port}/ in a browser; if its certificate is self-made, accept it once`);
    log.event("info", "Ctrl-C closes every stream and stops, a second one stops at once");
  }
}

function outcomeOf(result: ReloadResult): ActionOutcome {
  switch (result.type) {
    case "applied":
      return { status: 200, text: `taken over: ${result.diff}` };
    case "unchanged":
      return { status: 200, text: "nothing has changed" };
    case "refused":
      return { status: 422, text: `refused, the old one goes on: ${result.reason}` };
    default:
      return result satisfies never;
  }
}

function urlOf(scheme: "http" | "https", { address, port }: BoundAddress): string {
  return `${scheme}://${formatAuthority({ host: address, port })}`;
}
