/** A signal that asks the process to stop. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Who tells of signals: `process`. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/** The exit code of a process that `signal` ended, as shells have it: 128 and the number of the signal. */
export const SignalExitCode = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * SIGINT and SIGTERM in the order they come, also those that come while nobody waits. SIGHUP asks for a reload, but at the
 * end of the terminal the process runs in, where it asks to stop.
 */
export class StopSignals {
  /** Told of each SIGHUP that asks for a reload. */
  onReload: (() => void) | undefined;
  readonly #came: StopSignal[] = [];
  readonly #waiting: ((signal: StopSignal) => void)[] = [];

  /** @param isTerminalGone - asked at a SIGHUP: whether there was a terminal, and is none any more. */
  constructor(source: SignalSource, isTerminalGone: () => boolean) {
    const take = (signal: StopSignal) => {
      const resolve = this.#waiting.shift();
      if (resolve === undefined) this.#came.push(signal);
      else resolve(signal);
    };
    source.on("SIGINT", take);
    source.on("SIGTERM", take);
    source.on("SIGHUP", (signal) => (isTerminalGone() ? take(signal) : this.onReload?.()));
  }

  /** The next signal nobody has heard of. */
  next(): Promise<StopSignal> {
    const came = this.#came.shift();
    return came === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(came);
  }
}
