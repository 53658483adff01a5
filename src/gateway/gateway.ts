import { setTimeout as delay } from "node:timers/promises";
import { AdminPort } from "./admin/admin-port.ts";
import type { ActionOutcome, ConfigInForce, Readiness } from "./admin/gateway-endpoints.ts";
import { certificateFacts } from "./config/certificates.ts";
import type { Config, HostPort } from "./config/config.ts";
import { ConfigError } from "./config/fault.ts";
import { urlOf } from "./lifecycle/bind.ts";
import { diffConfigs, formatDiff, type ConfigDiff } from "./lifecycle/config-diff.ts";
import { FileWatch } from "./lifecycle/file-watch.ts";
import { Reloader, type ReloadResult } from "./lifecycle/reloader.ts";
import type { Service } from "./lifecycle/service.ts";
import { UpstreamProcesses } from "./lifecycle/upstream-processes.ts";
import { LocalService } from "./local-service.ts";
import type { AccessLog } from "./telemetry/access-log.ts";
import { JoinedStreams } from "./telemetry/joined-streams.ts";
import type { StreamsSource } from "./telemetry/stream-view.ts";

/** How long a reload may take that is under way when the gateway stops. */
const ReloadEndMs = 1_000;
/** How long files must be quiet before a change of them is taken over: an editor, or a rollout, writes several. */
const SettleMs = 200;

const WrongCredentials =
  "admin: ten wrong credentials within a minute, nothing of that client is looked at for the rest of it";

/** What a gateway is given beside its config. */
export interface GatewayOptions {
  readonly log: AccessLog;
  /** For `hawser_build_info`. */
  readonly version: string;
  /** When the reading of the config began, as `Date.now` has it: a file that has changed since then is read anew. */
  readonly readSinceMs: number;
  /** Reads the config anew, for a reload. */
  readonly load: () => Promise<Config>;
  /** What serves clients by the config it starts with. Default: this process. */
  readonly service?: Service;
}

/**
 * The whole product behind one config at a time: wires the floors together. What serves clients is a {@link Service}; config,
 * files, upstreams' own processes and the admin port are looked after here.
 *
 * ```text
 *              ┌──reload()──┐
 *  new ──start()──▶ ready ◀─┘──drain()──▶ draining ──last stream gone, or drainMs──▶ drained ──stop()──▶ stopped
 *                     └───────────────────────────abort()──┴──────────────────────────┴────────────────────▲
 * ```
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #service: Service;
  readonly #streams: JoinedStreams;
  readonly #createdAt = Date.now();
  readonly #admin: AdminPort;
  readonly #processes: UpstreamProcesses;
  readonly #reloader = new Reloader(() => this.#reload());
  #config: Config;
  #generation = 1;
  #inForce: Pick<ConfigInForce, "loadedAt" | "summary"> = { loadedAt: Date.now(), summary: null };
  #watch: FileWatch | undefined;
  #readiness: Readiness = "starting";
  #isAborted = false;
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: Config, options: GatewayOptions) {
    this.#config = config;
    this.#options = options;
    this.#service = options.service ?? new LocalService(config, options);
    this.#streams = new JoinedStreams(this.#service.views, () => ({
      version: options.version,
      startedAt: this.#createdAt,
      readiness: this.#servingReadiness,
      generation: this.#generation,
    }));
    this.#processes = new UpstreamProcesses((line) => options.log.event("info", line));
    this.#admin = this.#createAdmin();
  }

  /** The live streams of all processes, for operators. */
  get streams(): StreamsSource {
    return this.#streams;
  }

  /** Resolves with the reason if it cannot go on; then it is to be stopped. */
  get failed(): Promise<Error> {
    return this.#service.failed;
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
    this.#isAborted = true;
    this.#service.abort();
    this.#processes.kill();
    void this.stop();
  }

  async #start(): Promise<void> {
    try {
      this.#watchFiles(this.#options.readSinceMs);
      await this.#service.start(async () => {
        const admin = await this.#admin.prepare(this.#config.admin);
        admin.commit();
        await this.#processes.update(this.#config.upstreams, this.#config.folder);
      });
      if (this.#isAborted) throw new Error("it was stopped before it had started");
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
    await Promise.race([this.#reloader.settled(), delay(ReloadEndMs, undefined, { ref: false })]);
    await this.#undo();
    this.#options.log.event("info", "stopped");
  }

  async #drain(): Promise<void> {
    // A start under way opens more than there is to close now.
    if (this.#readiness === "starting") await this.#started?.catch(() => undefined);
    this.#readiness = "draining";
    this.#streams.tell({ type: "draining", at: Date.now() });
    this.#watch?.close();
    await this.#service.drain();
    this.#options.log.event("info", "drained");
  }

  async #undo(): Promise<void> {
    this.#watch?.close();
    await Promise.all([this.#service.destroy(), this.#processes.stop(), this.#admin.close()]);
  }

  /** Never rejects. */
  async #reload(): Promise<ReloadResult> {
    const result = await this.#tryReload();
    const { log } = this.#options;
    this.#service.metrics.reload(result.type);
    if (result.type === "applied") {
      log.event("info", `config ${this.#generation} taken over: ${result.diff}`);
      const { diff: summary } = result;
      this.#streams.tell({ type: "reloaded", at: Date.now(), generation: this.#generation, summary });
    } else if (result.type === "refused") log.event("error", `config refused, the old one goes on: ${result.reason}`);
    return result;
  }

  async #tryReload(): Promise<ReloadResult> {
    // A file that changes during a start of some length is told once.
    if (this.#readiness === "starting") await this.#started?.catch(() => undefined);
    if (this.#readiness !== "ready") return { type: "refused", reason: `the gateway is ${this.#readiness}` };
    const readSinceMs = Date.now();
    try {
      const written = await this.#options.load();
      const pending = this.#tryPending(written);
      if (pending !== undefined) this.#options.log.event("warn", pending);
      const config = { ...written, workers: this.#config.workers };
      this.#watch?.replace(config.files, readSinceMs);
      const diff = diffConfigs(this.#config, config);
      const more = pending === undefined ? {} : { pending };
      if (diff.isEmpty) return { type: "unchanged", ...more };
      const workers = await this.#takeOver(config, diff, readSinceMs);
      return { type: "applied", diff: formatDiff(diff), ...(workers.length > 0 && { workers }), ...more };
    } catch (error) {
      // What a refused config names may be what is still missing: a certificate that comes a moment later.
      if (error instanceof ConfigError) this.#watch?.replace([...this.#config.files, ...error.files], readSinceMs);
      return { type: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Everything that can fail comes first; then nothing waits until the new config is in force. */
  async #takeOver(config: Config, diff: ConfigDiff, readSinceMs: number): Promise<readonly string[]> {
    const change = await this.#service.prepare(config, diff);
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
    this.#generation += 1;
    this.#inForce = { loadedAt: Date.now(), summary: formatDiff(diff) };
    const committed = change.commit();
    this.#tookOver();
    this.#watchFiles(readSinceMs);
    void this.#processes.update(config.upstreams, config.folder);
    return await committed;
  }

  /** What only a new start changes: how many workers there are. */
  #tryPending(written: Config): string | undefined {
    const { workers } = this.#config;
    if (written.workers === workers) return undefined;
    return `workers: ${written.workers} instead of ${workers} needs a new start of hawser`;
  }

  /** What follows from the config that is in force now. */
  #tookOver(): void {
    const { listeners } = this.#config;
    const { metrics } = this.#service;
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
    const sources = {
      metrics: this.#service.page,
      streams: this.#streams,
      readiness: () => this.#servingReadiness,
      inForce: () => ({ ...this.#inForce, generation: this.#generation, config: this.#config }),
      lockedOut: () => this.#options.log.event("warn", WrongCredentials),
      actions,
    };
    return new AdminPort(sources, (address) => this.#options.log.event("info", `admin ${urlOf("http", address)}`));
  }

  get #servingReadiness(): Readiness {
    return this.#readiness === "ready" && !this.#service.isServing ? "starting" : this.#readiness;
  }

  async #beginDrain(): Promise<ActionOutcome> {
    const streams = await this.#service.describeStreams();
    void this.drain();
    return { status: 202, text: `draining: ${streams} to close` };
  }

  /** Where there is a page to look at, tells a person at the terminal what to do. */
  #greet(): void {
    const { listeners, routes } = this.#config;
    const isPage = routes.some(({ target, path }) => target.type === "root" && path === "");
    const isNear = ({ host }: HostPort): boolean => host === "127.0.0.1" || host === "::1";
    const secure = listeners.find((listener) => listener.certificates !== undefined && isNear(listener));
    if (!isPage || secure === undefined) return;
    const port = this.#service.addressOf(secure.name)?.port ?? secure.port;
    const { log } = this.#options;
    log.event("info", `open https://localhost:${port}/ in a browser; if its certificate is self-made, accept it once`);
    log.event("info", "Ctrl-C closes every stream and stops, a second one stops at once");
  }
}

function outcomeOf(result: ReloadResult): ActionOutcome {
  const pending = "pending" in result ? [result.pending] : [];
  switch (result.type) {
    case "applied":
      return { status: 200, text: [`taken over: ${result.diff}`, ...(result.workers ?? []), ...pending].join("\n") };
    case "unchanged":
      return { status: 200, text: pending.join("\n") || "nothing has changed" };
    case "refused":
      return { status: 422, text: `refused, the old one goes on: ${result.reason}` };
    default:
      return result satisfies never;
  }
}
