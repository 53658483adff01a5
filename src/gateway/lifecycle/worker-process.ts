import { fork, type ChildProcess } from "node:child_process";
import type { AcceptedSocket } from "../../transport/shared-port.ts";
import { tellWholeLines } from "./output-lines.ts";
import { Subscriptions } from "./subscriptions.ts";
import {
  isFromWorker,
  type FromWorker,
  type ToWorker,
  type WorkerAnswer,
  type WorkerOrder,
} from "./worker-messages.ts";

/** So many connections at most are on their way to a worker that has not said that they have come. */
const MaxOnTheWay = 128;
/** Where none of them comes for so long, twice that at most, the worker is stuck, and gets no more until it is not. */
const StuckMs = 2_000;
/** How long it may take then to answer. */
const CountMs = 10_000;
/** How long a worker may take to go that has nothing left to do. */
const FarewellMs = 2_000;

/** Who is told what a {@link WorkerProcess} does. */
export interface WorkerObserver {
  /** It may take another connection. */
  hasRoom(): void;
  /** So many connections did not come, since it had no file descriptor left for them. */
  lost(connections: number): void;
  /** Whole lines of its standard output, with their ends. */
  lines(text: string): void;
  /** Once, when it is gone; `lost` connections were on their way to it. */
  ended(how: string, lost: number): void;
}

/** An order that has no answer yet. */
interface Asked {
  /** The last connection that was handed over before it. */
  readonly behind: number;
  readonly answered: (answer: WorkerAnswer | undefined) => void;
}

/** A worker, from its start to its end, as the process above it sees it. */
export class WorkerProcess {
  readonly subscriptions = new Subscriptions();
  readonly #child: ChildProcess;
  readonly #observer: WorkerObserver;
  readonly #gone = Promise.withResolvers<void>();
  /** By the number of the order. */
  readonly #asking = new Map<number, Asked>();
  /** Connections in the order they were handed over, of which it has not said that they have come. */
  readonly #onTheWay: AcceptedSocket[] = [];
  #lastOrder = 0;
  #lastConnection = 0;
  #open = 0;
  #isGone = false;
  #isStuck = false;
  #watching: NodeJS.Timeout | undefined;

  /** @param program - a module, and its arguments. It speaks in {@link FromWorker}. */
  constructor(program: readonly [string, ...string[]], observer: WorkerObserver) {
    this.#observer = observer;
    const [module, ...args] = program;
    // What it says before it has a log, and of its own end, goes where that of this process goes.
    this.#child = fork(module, args, { serialization: "advanced", stdio: ["ignore", "pipe", "inherit", "ipc"] });
    this.#child.on("message", (message) => {
      if (isFromWorker(message)) this.#hear(message);
    });
    this.#child.on("error", (error) => {
      if (this.#child.pid === undefined) this.#end(error.message);
    });
    this.#child.once("exit", (code, signal) => this.#end(signal ?? `exit code ${code}`));
    if (this.#child.stdout) tellWholeLines(this.#child.stdout, (lines) => observer.lines(lines));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Connections it has, or is about to have. */
  get connections(): number {
    return this.#open + this.#onTheWay.length;
  }

  /** Whether it takes connections as they come. */
  get hasRoom(): boolean {
    return !this.#isGone && !this.#isStuck && this.#onTheWay.length < MaxOnTheWay;
  }

  /** Hands `socket` over, which nobody has read from. */
  hand(port: number, socket: AcceptedSocket): void {
    const number = (this.#lastConnection += 1);
    this.#onTheWay.push(socket);
    this.#child.send({ kind: "connection", number, port } satisfies ToWorker, socket, () => undefined);
    this.#watch();
  }

  /** What becomes of `order`; `undefined` where it is gone, or says nothing for `timeoutMs`. */
  ask(order: WorkerOrder, timeoutMs: number): Promise<WorkerAnswer | undefined> {
    if (this.#isGone) return Promise.resolve(undefined);
    // The system has started none: it has no way to send, and 'error' is about to say so.
    if (this.#child.pid === undefined) return this.#gone.promise.then(() => undefined);
    const number = (this.#lastOrder += 1);
    const { promise, resolve } = Promise.withResolvers<WorkerAnswer | undefined>();
    const deadline = setTimeout(() => this.#answer(number, undefined), timeoutMs);
    const answered = (answer: WorkerAnswer | undefined): void => {
      clearTimeout(deadline);
      resolve(answer);
    };
    this.#asking.set(number, { behind: this.#lastConnection, answered });
    this.#child.send({ kind: "order", number, order } satisfies ToWorker, () => undefined);
    return promise;
  }

  /** Lets it go; resolves when it is gone, two seconds later at the latest. */
  async dismiss(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const deadline = setTimeout(() => this.kill(), FarewellMs);
    await this.#gone.promise;
    clearTimeout(deadline);
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #hear(message: FromWorker): void {
    if (message.kind === "answer") {
      // All comes in its order: what has not come before the answer does not come any more.
      const lost = this.#settle(this.#asking.get(message.number)?.behind ?? 0);
      if (lost > 0) this.#observer.lost(lost);
      this.#answer(message.number, message.answer);
    } else if (message.kind === "news") {
      return this.subscriptions.hear(message.subscription, message.news);
    } else {
      this.#settle(message.last);
      this.#open = message.open;
    }
    this.#observer.hasRoom();
  }

  /** The number of the last connection that is not on the way any more. */
  get #settled(): number {
    return this.#lastConnection - this.#onTheWay.length;
  }

  /** The connections up to number `last` are not on the way any more; returns how many of them were. */
  #settle(last: number): number {
    const settled = this.#onTheWay.splice(0, Math.max(0, last - this.#settled)).length;
    if (settled > 0) this.#isStuck = false;
    return settled;
  }

  /** Looks after a while whether something has come. */
  #watch(): void {
    const before = this.#settled;
    this.#watching ??= setTimeout(() => void this.#look(before), StuckMs);
  }

  async #look(before: number): Promise<void> {
    this.#isStuck = this.#settled === before;
    // Of those that do not come at all nothing but an answer tells.
    if (this.#isStuck) await this.ask({ type: "count" }, CountMs);
    this.#watching = undefined;
    if (this.#onTheWay.length > 0) this.#watch();
  }

  #answer(number: number, answer: WorkerAnswer | undefined): void {
    const asked = this.#asking.get(number);
    this.#asking.delete(number);
    asked?.answered(answer);
  }

  #end(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#watching);
    // Node closes the one that it is about to send, and leaves the others behind it open.
    const lost = this.#onTheWay.splice(0);
    for (const socket of lost) socket.destroy();
    for (const number of [...this.#asking.keys()]) this.#answer(number, undefined);
    this.subscriptions.end();
    this.#gone.resolve();
    this.#observer.ended(how, lost.length);
  }
}
