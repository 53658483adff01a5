import type { Config } from "../config/config.ts";
import { workerShare } from "../config/worker-share.ts";
import type { PortOfListener } from "./shared-ports.ts";
import type { WorkerAnswer, WorkerAssignment, WorkerOrder } from "./worker-messages.ts";
import { WorkerProcess, type WorkerObserver } from "./worker-process.ts";

/** A worker loads handlers, which may be slow to load. */
const PrepareMs = 30_000;
/** Nothing of a commit waits; an event loop that is late does. */
const CommitMs = 10_000;

/** A config, and where its listeners are open. */
export interface ConfigInForce {
  readonly config: Config;
  readonly ports: readonly PortOfListener[];
}

/** What became of an order to change: `gone` is nobody's fault, another worker comes in its place. */
export type ChangeAnswer = "done" | "gone" | { readonly reason: string };

/** One place among the workers: the process in it, and the one that comes after that. */
export class WorkerSeat {
  /** From 1. */
  readonly number: number;
  readonly #workers: number;
  #process: WorkerProcess | undefined;
  #config: Config | undefined;
  #isReady = false;

  /** @param workers - how many seats there are. */
  constructor(number: number, workers: number) {
    this.number = number;
    this.#workers = workers;
  }

  /** The process in it, if it serves. */
  get ready(): WorkerProcess | undefined {
    return this.#isReady ? this.#process : undefined;
  }

  /** The process in it, if there is one. */
  get process(): WorkerProcess | undefined {
    return this.#process;
  }

  /** Puts a process in it, and resolves with why it does not come to serve, or `undefined` when it does. */
  async fill(
    program: readonly [string, ...string[]],
    { assignment, inForce }: { readonly assignment: WorkerAssignment; readonly inForce: () => ConfigInForce },
    observer: WorkerObserver,
  ): Promise<string | undefined> {
    const process = new WorkerProcess(program, {
      ...observer,
      ended: (how, lost) => {
        this.#isReady = false;
        this.#process = undefined;
        observer.ended(how, lost);
      },
    });
    this.#process = process;
    const { config, ports } = inForce();
    const share = workerShare(config, this.#workers);
    const started = reasonOf(
      await process.ask({ type: "start", assignment, config: share, ports }, PrepareMs),
      process,
    );
    this.#config = config;
    const reason = started === "done" ? await this.follow(inForce) : started;
    if (reason === "done") this.#isReady = true;
    if (reason === "gone") return "it ended before it was ready";
    return reason === "done" ? undefined : reason.reason;
  }

  /** Takes over what is in force, if that has changed since it was told last. */
  async follow(inForce: () => ConfigInForce): Promise<ChangeAnswer> {
    for (;;) {
      const { config, ports } = inForce();
      if (this.#config === config) return "done";
      const prepared = await this.prepare(config, ports);
      if (prepared !== "done") return prepared;
      const committed = await this.commit(config);
      if (committed !== "done") return committed;
    }
  }

  prepare(config: Config, ports: readonly PortOfListener[]): Promise<ChangeAnswer> {
    return this.#change({ type: "prepare", config: workerShare(config, this.#workers), ports }, PrepareMs);
  }

  /** @param config - the one that was prepared. */
  async commit(config: Config): Promise<ChangeAnswer> {
    this.#config = config;
    return await this.#change({ type: "commit" }, CommitMs);
  }

  undo(): Promise<ChangeAnswer> {
    return this.#change({ type: "undo" }, CommitMs);
  }

  async #change(order: WorkerOrder, timeoutMs: number): Promise<ChangeAnswer> {
    const process = this.#process;
    return process === undefined ? "gone" : reasonOf(await process.ask(order, timeoutMs), process);
  }
}

function reasonOf(answer: WorkerAnswer | undefined, process: WorkerProcess): ChangeAnswer {
  if (answer?.type === "refused") return { reason: answer.reason };
  if (answer !== undefined) return "done";
  return process.isGone ? "gone" : { reason: "it does not answer" };
}
