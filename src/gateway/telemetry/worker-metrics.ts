import { Registry } from "prom-client";
import { counterOf, gaugeOf } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";

/** The metric families of workers, as the process above them knows it. */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #up = gaugeOf(
    this.#registry,
    "hawser_worker_up",
    "1 where the worker is ready and has answered this scrape, else 0: then its numbers are those it had told last.",
    ["worker"],
  );
  readonly #restarts = counterOf(
    this.#registry,
    "hawser_worker_restarts_total",
    "How often a worker had ended by itself and another one was started in its place.",
    ["worker"],
  );
  readonly #lost = counterOf(
    this.#registry,
    "hawser_worker_handoffs_lost_total",
    "Connections that were accepted and came to no worker: it ended, or none took them in time.",
    [],
  );

  /** Begins with zeros for workers 1 to `workers`. */
  constructor(workers: number) {
    for (let worker = 1; worker <= workers; worker += 1) {
      this.#up.set({ worker: String(worker) }, 0);
      this.#restarts.inc({ worker: String(worker) }, 0);
    }
  }

  /** Whether `worker` has answered a scrape. */
  answered(worker: number, hasAnswered: boolean): void {
    this.#up.set({ worker: String(worker) }, hasAnswered ? 1 : 0);
  }

  restarted(worker: number): void {
    this.#restarts.inc({ worker: String(worker) });
  }

  /** `connections` were accepted for nobody. */
  lost(connections: number): void {
    this.#lost.inc(connections);
  }

  families(): Promise<MetricFamily[]> {
    return this.#registry.getMetricsAsJSON();
  }
}
