import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import type { Config } from "../config/config.ts";
import type { AccessLog } from "../telemetry/access-log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { StreamRegistry } from "../telemetry/stream-registry.ts";
import { listeningLine } from "./bind.ts";
import { HandOut } from "./hand-out.ts";
import { RestartBudget } from "./restart-budget.ts";
import type { Service, ServiceChange } from "./service.ts";
import { SharedPorts, type PortChange, type PortOfListener } from "./shared-ports.ts";
import { IdsOfOne, type WorkerAssignment } from "./worker-messages.ts";
import { WorkerPage } from "./worker-page.ts";
import { WorkerSeat, type ConfigInForce } from "./worker-seat.ts";
import { WorkerStreams } from "./worker-streams.ts";

const TicketSecretBytes = 32;
const CountMs = 2_000;
/** What the end of a drain may take longer than the config says: Closes and farewells are out by then. */
const DrainGraceMs = 5_000;

/** What a {@link WorkerPool} is given beside its config. */
export interface WorkerPoolOptions {
  readonly log: AccessLog;
  readonly version: string;
  /** The module that runs as a worker, and its arguments. */
  readonly program: readonly [string, ...string[]];
  readonly logForm: WorkerAssignment["log"];
}

/**
 * Serves clients in several processes. This one accepts their connections and hands each to the worker that has the fewest;
 * what is said on a connection passes by it. A worker that ends by itself is replaced, and the others do not notice.
 *
 * ```text
 *  new ──start()──▶ serving ──drain()──▶ draining ──destroy()──▶ ended
 *                      └──────────────abort()──┴────────────────────▲
 * ```
 */
export class WorkerPool implements Service {
  readonly metrics: Metrics;
  readonly page: WorkerPage;
  readonly views: readonly WorkerStreams[];
  readonly #options: WorkerPoolOptions;
  readonly #seats: readonly WorkerSeat[];
  readonly #ports: SharedPorts;
  readonly #handOut: HandOut;
  readonly #budget: RestartBudget;
  readonly #failed = Promise.withResolvers<Error>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #ticketSecret = randomBytes(TicketSecretBytes);
  #config: Config;
  #started = 0;
  #state: "new" | "serving" | "draining" | "ended" = "new";

  constructor(config: Config, options: WorkerPoolOptions) {
    this.#config = config;
    this.#options = options;
    const { log, version } = options;
    const { workers } = config;
    this.#seats = Array.from({ length: workers }, (_, at) => new WorkerSeat(at + 1, workers));
    this.#budget = new RestartBudget(workers);
    this.metrics = new Metrics(new StreamRegistry(), {
      version,
      handshakesWaiting: () => 0,
      logLinesDropped: () => log.droppedLines,
    });
    this.page = new WorkerPage(this.metrics, this.#seats);
    this.views = this.#seats.map((seat) => new WorkerStreams(seat));
    this.#handOut = new HandOut(
      () => this.#seats.flatMap(({ ready }) => ready ?? []),
      () => this.page.workers.lost(1),
    );
    this.#ports = new SharedPorts({
      accepted: (port, socket) => this.#handOut.take(port, socket),
      failed: () => this.page.workers.lost(1),
    });
  }

  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  get isServing(): boolean {
    return this.#seats.some(({ ready }) => ready !== undefined);
  }

  addressOf(name: string): AddressInfo | undefined {
    return this.#ports.all.find(({ listener }) => listener === name)?.address;
  }

  async describeStreams(): Promise<string> {
    const counts = await Promise.all(
      this.#seats.map(async ({ number, ready }) => {
        const answer = await ready?.ask({ type: "count" }, CountMs);
        return { number, streams: answer?.type === "streams" ? answer.streams : undefined };
      }),
    );
    const sum = counts.reduce((all, { streams = 0 }) => all + streams, 0);
    return `${sum} streams (${counts.map(({ number, streams = "unknown" }) => `worker ${number}: ${streams}`).join(", ")})`;
  }

  async start(beforeListening: () => Promise<void>): Promise<void> {
    this.#options.log.follow(this.#config.log);
    await beforeListening();
    const change = await this.#ports.prepare(this.#config.listeners);
    const inForce = (): ConfigInForce => ({ config: this.#config, ports: change.ports });
    const reasons = await Promise.all(this.#seats.map((seat) => this.#fill(seat, inForce)));
    const failed = this.#seats.find(({ ready }) => ready === undefined);
    if (failed !== undefined || this.#state === "ended") {
      change.undo();
      if (failed === undefined || this.#state === "ended") throw new Error("it was stopped");
      const reason = reasons[failed.number - 1] ?? "it ended before all were ready";
      throw new Error(`worker ${failed.number}: ${reason}`);
    }
    this.#state = "serving";
    this.#tellListening(change.commit());
  }

  async prepare(config: Config): Promise<ServiceChange> {
    const seats = this.#seats.filter(({ ready }) => ready !== undefined);
    if (seats.length === 0) throw new Error("no worker is there to take it over");
    const ports = await this.#ports.prepare(config.listeners);
    const answers = await Promise.all(
      seats.map(async (seat) => ({ seat, answer: await seat.prepare(config, ports.ports) })),
    );
    const undo = async (): Promise<void> => {
      await Promise.all(seats.map((seat) => seat.undo()));
      ports.undo();
    };
    const refusals = answers.flatMap(({ seat, answer }) =>
      typeof answer === "string" ? [] : [`worker ${seat.number}: ${answer.reason}`],
    );
    if (refusals.length === 0) return { commit: () => this.#commit(config, ports, seats), undo };
    await undo();
    throw new Error(refusals.join("; "));
  }

  async drain(): Promise<void> {
    if (this.#state !== "ended") this.#state = "draining";
    this.#stopAccepting();
    const { drainMs } = this.#config.deadlines;
    const { log } = this.#options;
    log.event("info", `draining: ${this.#seats.length} workers, ${drainMs / 1000} s at most`);
    await Promise.all(
      this.#seats.map(async ({ number, process }) => {
        const answer = await process?.ask({ type: "drain" }, drainMs + DrainGraceMs);
        if (answer === undefined) log.event("warn", `worker ${number} has not drained`, { worker: number });
      }),
    );
  }

  async destroy(): Promise<void> {
    this.#state = "ended";
    this.#stopAccepting();
    await Promise.all(this.#seats.flatMap(({ process }) => process?.dismiss() ?? []));
  }

  abort(): void {
    this.#state = "ended";
    this.#stopAccepting();
    for (const { process } of this.#seats) process?.kill();
  }

  #stopAccepting(): void {
    this.#ports.close();
    this.#handOut.close();
    for (const timer of this.#restarts) clearTimeout(timer);
  }

  async #commit(config: Config, ports: PortChange, seats: readonly WorkerSeat[]): Promise<readonly string[]> {
    this.#config = config;
    this.#options.log.follow(config.log);
    const others = this.#seats.filter(({ ready, isPrepared }) => ready !== undefined && !isPrepared);
    // Each is told before it is handed a connection that came to a new port.
    const answers = seats.map(async (seat) => ({ seat, answer: await seat.commit(config) }));
    this.#tellListening(ports.commit());
    await Promise.all(others.map((seat) => this.#follow(seat)));
    return (await Promise.all(answers)).map(({ seat, answer }) => {
      const fate = answer === "done" ? "taken over" : answer === "gone" ? "ended" : `${answer.reason} yet`;
      return `worker ${seat.number}: ${fate}`;
    });
  }

  /** A worker that was not there when a change was prepared, and cannot make it, gives way to another one. */
  async #follow(seat: WorkerSeat): Promise<void> {
    const { process } = seat;
    if ((await seat.follow(this.#inForce)) !== "done") process?.kill();
  }

  readonly #inForce = (): ConfigInForce => ({ config: this.#config, ports: this.#ports.all });

  async #fill(seat: WorkerSeat, inForce: () => ConfigInForce): Promise<string | undefined> {
    const { log, version, program, logForm } = this.#options;
    const { number } = seat;
    this.#started += 1;
    const assignment: WorkerAssignment = {
      worker: number,
      idsBehind: this.#started * IdsOfOne,
      ticketSecret: this.#ticketSecret,
      version,
      log: logForm,
    };
    const reason = await seat.fill(
      program,
      { assignment, inForce },
      {
        hasRoom: () => this.#handOut.next(),
        lost: (connections) => this.page.workers.lost(connections),
        lines: (lines) => log.pass(lines),
        ended: (how, lost) => this.#ended(seat, how, lost),
      },
    );
    if (reason === undefined) {
      log.event("info", `worker ${number} serves`, { worker: number, pid: seat.process?.pid });
      this.views[number - 1]?.ready();
    }
    this.#handOut.next();
    return reason;
  }

  #ended(seat: WorkerSeat, how: string, lost: number): void {
    const { number } = seat;
    this.page.ended(number);
    this.page.workers.lost(lost);
    if (this.#state !== "serving") return;
    const { log } = this.#options;
    const delayMs = this.#budget.delayMs(performance.now());
    if (delayMs === undefined) {
      const failure = new Error(`workers keep ending: ${String(this.#budget)}, the last one by ${how}`);
      log.event("error", failure.message, { worker: number });
      return this.#failed.resolve(failure);
    }
    const next = `another one takes its place in ${delayMs} ms`;
    log.event("error", `worker ${number} ended (${how}), and its streams with it; ${next}`, { worker: number, how });
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      void this.#replace(seat);
    }, delayMs);
    this.#restarts.add(timer);
  }

  async #replace(seat: WorkerSeat): Promise<void> {
    this.page.workers.restarted(seat.number);
    const reason = await this.#fill(seat, this.#inForce);
    if (reason === undefined) return;
    this.#options.log.event("error", `worker ${seat.number} does not come to serve: ${reason}`, {
      worker: seat.number,
    });
    seat.process?.kill();
  }

  #tellListening(ports: readonly PortOfListener[]): void {
    for (const { listener, address } of ports) {
      const config = this.#config.listeners.find(({ name }) => name === listener);
      if (config !== undefined) this.#options.log.event("info", listeningLine(config, address));
    }
  }
}
