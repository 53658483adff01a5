import type { Registry } from "prom-client";
import { OpeningResults, type OpeningResult } from "./opening-result.ts";
import { counterOf, histogramOf } from "./metric-family.ts";
import { Protocols, type Protocol } from "./stream-registry.ts";

/**
 * Seconds. From a handler's answer within the process to the longest wait an opening has: 5, 10 and 30 s are the defaults
 * of `connectTimeoutMs`, `answerTimeoutMs` and `answerMs`, so what nearly ran into one stands apart from what did.
 */
const OpeningBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The metric families of WebSocket openings. */
export class OpeningMetrics {
  readonly #openings;
  readonly #duration;

  /** The families are in `registry` from now on. */
  constructor(registry: Registry) {
    this.#openings = counterOf(registry, "hawser_openings_total", "WebSocket openings by what became of them.", [
      "route",
      "protocol",
      "result",
    ]);
    this.#duration = histogramOf(
      registry,
      "hawser_opening_duration_seconds",
      "From the opening request to its answer, whatever that was.",
      ["route", "protocol"],
      OpeningBuckets,
    );
  }

  /** Begins with zeros for `route`. */
  begin(route: string): void {
    for (const protocol of Protocols) {
      for (const result of OpeningResults) this.#openings.inc({ route, protocol, result }, 0);
    }
  }

  /** Drops all series of `route`. */
  forget(route: string): void {
    for (const protocol of Protocols) {
      this.#duration.remove({ route, protocol });
      for (const result of OpeningResults) this.#openings.remove({ route, protocol, result });
    }
  }

  /** An opening is over; without `seconds` nobody knows since when. */
  over(route: string, protocol: Protocol, result: OpeningResult, seconds?: number): void {
    this.#openings.inc({ route, protocol, result });
    if (seconds !== undefined) this.#duration.observe({ route, protocol }, seconds);
  }
}
