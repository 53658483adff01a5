import type { WorkerNews } from "./worker-messages.ts";

/** Who listens to news of a worker, by the number of the subscription. */
export class Subscriptions {
  readonly #listeners = new Map<number, (news: WorkerNews) => void>();
  #last = 0;

  /** `listener` is told what comes under the number that it returns; `over` comes last, also where the worker is gone. */
  open(listener: (news: WorkerNews) => void): number {
    const number = (this.#last += 1);
    this.#listeners.set(number, listener);
    return number;
  }

  /** Tells its listener nothing more; returns whether it was open. */
  close(number: number): boolean {
    return this.#listeners.delete(number);
  }

  /** Tells whom it concerns. */
  hear(number: number, news: WorkerNews): void {
    const listener = this.#listeners.get(number);
    if (news.type === "over") this.#listeners.delete(number);
    listener?.(news);
  }

  /** The worker is gone. */
  end(): void {
    for (const number of [...this.#listeners.keys()]) this.hear(number, { type: "over" });
  }
}
