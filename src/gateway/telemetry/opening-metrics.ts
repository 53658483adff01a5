import type { Counter, Registry } from "prom-client";
import { histogramFamily, Observations } from "./distribution.ts";
import { OpeningResults, type OpeningResult } from "./opening-result.ts";
import { counterOf } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";
import { Protocols, type Protocol } from "./stream-registry.ts";

const OpeningSeconds = {
  name: "hawser_opening_duration_seconds",
  help: "From the opening request to its answer, whatever that was.",
  // From a handler's answer within the process to the longest wait an opening has: 5, 10 and 30 s are the defaults of
  // connectTimeoutMs, answerTimeoutMs and answerMs, so what nearly ran into one stands apart from what did.
  edges: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
} as const;

/** The openings of one route over one protocol. */
interface Openings {
  readonly results: Map<OpeningResult, number>;
  readonly seconds: Observations;
}

/** The metric families of WebSocket openings. An opening is added to plain numbers, which a scrape publishes. */
export class OpeningMetrics {
  readonly #openings: Counter<"route" | "protocol" | "result">;
  readonly #routes = new Map<string, Readonly<Record<Protocol, Openings>>>();

  /** The counter is in `registry` from now on. */
  constructor(registry: Registry) {
    this.#openings = counterOf(
      registry,
      "hawser_openings_total",
      "WebSocket openings by what became of them.",
      ["route", "protocol", "result"],
      () => this.#publish(),
    );
  }

  /** Begins with zeros for `route`. */
  begin(route: string): void {
    this.#of(route);
  }

  /** Drops all series of `route`. */
  forget(route: string): void {
    this.#routes.delete(route);
  }

  /** An opening is over; without `seconds` nobody knows since when. `traceId` is that of one that is sampled. */
  over(route: string, protocol: Protocol, result: OpeningResult, seconds?: number, traceId?: string): void {
    const openings = this.#of(route)[protocol];
    openings.results.set(result, (openings.results.get(result) ?? 0) + 1);
    if (seconds !== undefined) openings.seconds.observe(seconds, traceId);
  }

  /** What the registry cannot have, as it is now. */
  families(): MetricFamily[] {
    const series = Array.from(this.#routes, ([route, openings]) =>
      Protocols.map((protocol) => ({ labels: { route, protocol }, distribution: openings[protocol].seconds })),
    );
    return [histogramFamily(OpeningSeconds, series.flat())];
  }

  #publish(): void {
    this.#openings.reset();
    for (const [route, openings] of this.#routes) {
      for (const protocol of Protocols) {
        for (const [result, count] of openings[protocol].results)
          this.#openings.inc({ route, protocol, result }, count);
      }
    }
  }

  #of(route: string): Readonly<Record<Protocol, Openings>> {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const openings = { h1: noOpenings(), h2: noOpenings() };
    this.#routes.set(route, openings);
    return openings;
  }
}

function noOpenings(): Openings {
  return {
    results: new Map(OpeningResults.map((result) => [result, 0])),
    seconds: new Observations(OpeningSeconds.edges),
  };
}
