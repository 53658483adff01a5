import type { Config } from "../config/config.ts";
import { workerShare } from "../config/worker-share.ts";
import type { PortOfListener } from "./shared-ports.ts";
import { IdsOfOne, type WorkerAnswer, type WorkerAssignment, type WorkerOrder } from "./worker-messages.ts";
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
  /** Who has prepared the change that is to be committed, or undone. */
  #prepared: WorkerProcess | undefined;
  #config: Config | undefined;
  #isReady = false;
  #idsBehind = 0;

  /** @param workers - how many seats there are. */
  constructor(number: number, workers: number) {
    this.number = number;
    this.#workers = workers;
  }

  /** The process in it, if it serves. */
  get ready(): WorkerProcess | undefined {
    return this.#isReady ? this.#process : undefined;
  }

  /** Whether the stream with this number is, or was, of the process in it. */
  numbered(id: number): boolean {
    return id > this.#idsBehind && id <= this.#idsBehind + IdsOfOne;
  }

  /** The process in it, if there is one. */
  get process(): WorkerProcess | undefined {
    return this.#process;
  }

  /** Whether the process in it has prepared a change; one that came in the place of that one has not. */
  get isPrepared(): boolean {
    return this.#prepared !== undefined && this.#prepared === this.#process;
  }

  /** Puts a process in it, and resolves with why it does not come to serve, or `undefined` when it does. */
  async fill(
    program: readonly [string, ...string[]],
    { assignment, inForce }: { readonly assignment: WorkerAssignment; readonly inForce: () => ConfigInForce },
    observer: WorkerObserver,
  ): Promise<string | undefined> {
    const process = this.#tryStart(program, observer);
    if (typeof process === "string") return process;
    this.#process = process;
    this.#idsBehind = assignment.idsBehind;
    const { config, ports } = inForce();
    const share = workerShare(config, this.#workers);
    const answer = await process.ask({ type: "start", assignment, config: share, ports }, PrepareMs);
    const started = reasonOf(answer, process);
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

  async prepare(config: Config, ports: readonly PortOfListener[]): Promise<ChangeAnswer> {
    const process = this.#process;
    const share = workerShare(config, this.#workers);
    const answer = await this.#change({ type: "prepare", config: share, ports }, PrepareMs);
    this.#prepared = answer === "done" ? process : undefined;
    return answer;
  }

  /** @param config - the one that was prepared; `gone` where who has prepared it is. */
  async commit(config: Config): Promise<ChangeAnswer> {
    if (!this.isPrepared) return "gone";
    this.#prepared = undefined;
    this.#config = config;
    return await this.#change({ type: "commit" }, CommitMs);
  }

  undo(): Promise<ChangeAnswer> {
    this.#prepared = undefined;
    return this.#change({ type: "undo" }, CommitMs);
  }

  /** A process, or why the system starts none: then it has ended. */
  #tryStart(program: readonly [string, ...string[]], observer: WorkerObserver): WorkerProcess | string {
    const ended = (how: string, lost: number): void => {
      this.#isReady = false;
      this.#process = undefined;
      observer.ended(how, lost);
    };
    try {
      return new WorkerProcess(program, { ...observer, ended });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      ended(reason, 0);
      return reason;
    }
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
