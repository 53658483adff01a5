import type { Metrics } from "../telemetry/metrics.ts";
import { exposition, type Exposition } from "../telemetry/exposition-text.ts";
import type { MetricFamily } from "../telemetry/metric-samples.ts";
import { MetricsSum } from "../telemetry/metrics-sum.ts";
import { WorkerMetrics } from "../telemetry/worker-metrics.ts";
import type { WorkerSeat } from "./worker-seat.ts";

/** A worker that has not answered by then is left out of a scrape: its numbers are those it had told before. */
const ScrapeMs = 2_000;

/** The one page of metrics that several workers and the process above them have. */
export class WorkerPage {
  readonly workers: WorkerMetrics;
  readonly #own: Metrics;
  readonly #seats: readonly WorkerSeat[];
  readonly #sum = new MetricsSum();

  /** @param own - the metrics of this process. */
  constructor(own: Metrics, seats: readonly WorkerSeat[]) {
    this.#own = own;
    this.#seats = seats;
    this.workers = new WorkerMetrics(seats.length);
  }

  /** The answer to a scrape with this `Accept`. Each ready worker is asked, and all at once. */
  async scrape(accept?: string): Promise<Exposition> {
    return exposition(await this.families(), accept);
  }

  /** The same as data. */
  async families(): Promise<MetricFamily[]> {
    await Promise.all(this.#seats.map((seat) => this.#ask(seat)));
    const [own, workers] = await Promise.all([this.#own.families(), this.workers.families()]);
    return this.#sum.families([...own, ...workers]);
  }

  /** The worker on a seat has ended by itself; what it has counted stays. */
  ended(worker: number): void {
    this.#sum.ended(worker);
  }

  async #ask({ number, ready }: WorkerSeat): Promise<void> {
    const answer = await ready?.ask({ type: "scrape" }, ScrapeMs);
    const isAnswered = answer?.type === "families";
    if (isAnswered) this.#sum.report(number, answer.families);
    this.workers.answered(number, isAnswered);
  }
}
