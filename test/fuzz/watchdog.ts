import { Worker } from "node:worker_threads";

/** Which run it is, 0 between two, and how many bytes its input has; the input stands behind them. */
export const HeaderInts = 2;

/** What the thread of a {@link Watchdog} is given. */
export interface Watched {
  readonly memory: SharedArrayBuffer;
  readonly target: string;
  readonly limitMs: number;
}

/** Ends the process where a run never comes back, which no timer of its own thread would tell, and writes its input down. */
export class Watchdog {
  readonly #memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #worker: Worker;
  #runs = 0;

  constructor(target: string, { limitMs, maxBytes }: { readonly limitMs: number; readonly maxBytes: number }) {
    this.#memory = new SharedArrayBuffer(HeaderInts * 4 + maxBytes);
    this.#header = new Int32Array(this.#memory, 0, HeaderInts);
    const workerData: Watched = { memory: this.#memory, target, limitMs };
    this.#worker = new Worker(new URL("./watchdog-worker.ts", import.meta.url), { workerData, execArgv: [] });
    this.#worker.unref();
  }

  /** A run begins. */
  begin(input: Uint8Array): void {
    new Uint8Array(this.#memory, HeaderInts * 4).set(input);
    Atomics.store(this.#header, 1, input.length);
    Atomics.store(this.#header, 0, ++this.#runs);
  }

  /** It has come back. */
  end(): void {
    Atomics.store(this.#header, 0, 0);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
