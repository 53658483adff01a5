import type { Listener } from "../transport/listener.ts";
import { isAcceptedSocket } from "../transport/shared-port.ts";
import type { Config } from "./config/config.ts";
import { diffConfigs } from "./lifecycle/config-diff.ts";
import type { ServiceChange } from "./lifecycle/service.ts";
import type { PortOfListener } from "./lifecycle/shared-ports.ts";
import {
  isToWorker,
  type FromWorker,
  type ToWorker,
  type WorkerAnswer,
  type WorkerAssignment,
  type WorkerNews,
  type WorkerOrder,
} from "./lifecycle/worker-messages.ts";
import { WorkerViews } from "./lifecycle/worker-views.ts";
import { LocalService } from "./local-service.ts";
import { AccessLog } from "./telemetry/access-log.ts";
import type { LineOutput } from "./telemetry/bounded-output.ts";

/** How long what has changed of the load may wait to be told: one message for many connections. */
const TellLoadMs = 10;

/** The process above a worker. */
export interface WorkerLink {
  /** @param sent - called when it has left this process, or cannot. */
  send(message: FromWorker, sent?: () => void): void;
  /** `handle` is what was sent along. */
  onMessage(listener: (message: unknown, handle: unknown) => void): void;
  onDisconnect(listener: () => void): void;
}

/** A change that was prepared. */
interface PreparedChange {
  readonly config: Config;
  readonly ports: readonly PortOfListener[];
  readonly change: ServiceChange;
}

/**
 * One of several processes that serve as one: it does what the process above it orders, and serves the connections that it is
 * handed. Without that process it closes its streams and ends.
 */
export class Worker {
  readonly #link: WorkerLink;
  readonly #output: LineOutput;
  readonly #ended = Promise.withResolvers<void>();
  /** By the number of the port. */
  readonly #listeners = new Map<number, Listener>();
  /** By the name of the listener: what is in force, or prepared. */
  #ports: ReadonlyMap<string, PortOfListener> = new Map();
  #log: AccessLog | undefined;
  #service: LocalService | undefined;
  #views: WorkerViews | undefined;
  #config: Config | undefined;
  #prepared: PreparedChange | undefined;
  #drained: Promise<void> | undefined;
  /** Orders that change the config, one behind the other. */
  #changing: Promise<unknown> = Promise.resolve();
  #lastConnection = 0;
  #tellTimer: NodeJS.Timeout | undefined;

  /** Does what `link` says from now on; the log goes to `output`. */
  constructor(link: WorkerLink, output: LineOutput) {
    this.#link = link;
    this.#output = output;
    link.onMessage((message, handle) => {
      if (isToWorker(message)) this.#hear(message, handle);
    });
    link.onDisconnect(() => void this.#end());
  }

  /** Resolves when the process above is gone, and so are the streams. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  #hear(message: ToWorker, handle: unknown): void {
    if (message.kind === "connection") return this.#take(message, handle);
    const { number, order } = message;
    const answered = this.#obey(order).catch((error: unknown): WorkerAnswer => {
      return { type: "refused", reason: error instanceof Error ? error.message : String(error) };
    });
    void answered.then((answer) => this.#answer(number, answer));
  }

  #answer(number: number, answer: WorkerAnswer): void {
    this.#tellLoad();
    this.#link.send({ kind: "answer", number, answer });
  }

  #obey(order: WorkerOrder): Promise<WorkerAnswer> {
    switch (order.type) {
      case "start":
        return this.#start(order.assignment, order.config, order.ports);
      case "prepare":
        return this.#inTurn(() => this.#prepare(order.config, order.ports));
      case "commit":
        return this.#inTurn(() => this.#commit());
      case "undo":
        return this.#inTurn(() => this.#undo());
      case "drain":
        return this.#drain().then(() => ({ type: "done" }));
      case "count":
        return Promise.resolve({ type: "streams", streams: this.#service?.streams ?? 0 });
      case "scrape":
        return this.#scrape();
      default:
        return this.#views?.obey(order) ?? Promise.resolve({ type: "refused", reason: "it has not started" });
    }
  }

  /** Resolves when they are on their way: what comes meanwhile waits, or is counted as missed. */
  #tellNews(subscription: number, news: WorkerNews): Promise<void> {
    return new Promise((resolve) => this.#link.send({ kind: "news", subscription, news }, resolve));
  }

  #inTurn(change: () => Promise<WorkerAnswer>): Promise<WorkerAnswer> {
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #start(
    { worker, idsBehind, ticketSecret, version, log: form }: WorkerAssignment,
    config: Config,
    ports: readonly PortOfListener[],
  ): Promise<WorkerAnswer> {
    const log = new AccessLog({ ...form, worker, output: this.#output });
    this.#log = log;
    this.#config = config;
    this.#usePorts(ports);
    const listen = (listener: Listener, { name }: { readonly name: string }) => this.#listen(listener, name);
    const service = new LocalService(config, { log, version, worker, seat: { idsBehind, ticketSecret, listen } });
    this.#service = service;
    this.#views = new WorkerViews(service.views[0], (subscription, news) => this.#tellNews(subscription, news));
    await service.start(() => Promise.resolve());
    return { type: "done" };
  }

  #listen(listener: Listener, name: string): PortOfListener["address"] {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`listener ${name} has no port`);
    listener.listenForHanded();
    this.#listeners.set(port.number, listener);
    return port.address;
  }

  #usePorts(ports: readonly PortOfListener[]): void {
    this.#ports = new Map(ports.map((port) => [port.listener, port]));
  }

  async #prepare(config: Config, ports: readonly PortOfListener[]): Promise<WorkerAnswer> {
    if (this.#service === undefined || this.#config === undefined) throw new Error("it has not started");
    const before = [...this.#ports.values()];
    this.#usePorts(ports);
    try {
      const change = await this.#service.prepare(config, diffConfigs(this.#config, config));
      this.#prepared = { config, ports: before, change };
    } catch (error) {
      this.#usePorts(before);
      throw error;
    }
    return { type: "done" };
  }

  async #commit(): Promise<WorkerAnswer> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error("nothing was prepared");
    this.#prepared = undefined;
    this.#config = prepared.config;
    const committed = prepared.change.commit();
    const numbers = new Set(this.#ports.values().map(({ number }) => number));
    for (const number of this.#listeners.keys()) if (!numbers.has(number)) this.#listeners.delete(number);
    await committed;
    return { type: "done" };
  }

  async #undo(): Promise<WorkerAnswer> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared !== undefined) {
      this.#usePorts(prepared.ports);
      await prepared.change.undo();
    }
    return { type: "done" };
  }

  async #scrape(): Promise<WorkerAnswer> {
    return { type: "families", families: (await this.#service?.metrics.families()) ?? [] };
  }

  #drain(): Promise<void> {
    return (this.#drained ??= this.#service?.drain() ?? Promise.resolve());
  }

  #take({ number, port }: Extract<ToWorker, { kind: "connection" }>, handle: unknown): void {
    this.#lastConnection = number;
    this.#tellLoadSoon();
    // Without a handle the client has gone on the way.
    if (!isAcceptedSocket(handle)) return;
    handle.once("close", () => this.#tellLoadSoon());
    const listener = this.#listeners.get(port);
    if (listener === undefined) handle.destroy();
    else listener.take(handle);
  }

  #tellLoadSoon(): void {
    this.#tellTimer ??= setTimeout(() => this.#tellLoad(), TellLoadMs).unref();
  }

  #tellLoad(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    this.#link.send({ kind: "load", last: this.#lastConnection, open: this.#service?.connections ?? 0 });
  }

  async #end(): Promise<void> {
    clearTimeout(this.#tellTimer);
    if (this.#drained === undefined && this.#service !== undefined) {
      this.#log?.event("warn", "the process above is gone, or wants nothing more: closing all streams");
    }
    await this.#drain();
    await this.#service?.destroy();
    await this.#log?.close();
    this.#ended.resolve();
  }
}
