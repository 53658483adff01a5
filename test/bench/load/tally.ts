import { setTimeout } from "node:timers/promises";
import { Latencies } from "./latencies.ts";

const LookMs = 5;
const UntilMs = 30_000;

/** What all connections of one load count together. */
export class Tally {
  /** Messages that came back, or WebSockets that are over. */
  done = 0;
  opened = 0;
  /** Whether what comes back is followed by the next. */
  isRunning = false;
  /** The time, as it was at the last read. */
  nowMs = performance.now();
  readonly latencies = new Latencies();
  #failure: Error | undefined;

  /** The load is none any more: whoever waits learns why. */
  fail(why: string): void {
    this.#failure ??= new Error(why);
  }

  /** Begins to count anew. */
  clear(): void {
    this.done = 0;
    this.latencies.clear();
  }

  /** @throws Error where the load has failed. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Resolves when `isTrue`.
   *
   * @throws Error where that takes too long, or the load fails.
   */
  async until(what: string, isTrue: () => boolean): Promise<void> {
    const endMs = performance.now() + UntilMs;
    while (!isTrue()) {
      this.check();
      if (performance.now() > endMs) throw new Error(`${what}: not within ${UntilMs} ms`);
      await setTimeout(LookMs);
    }
    this.check();
  }
}
