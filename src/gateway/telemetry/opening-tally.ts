import type { ConnectionFacts } from "../../transport/opening.ts";
import type { OpeningResult } from "./opening-result.ts";
import { SlidingHistogram } from "./sliding-histogram.ts";
import { protocolOf, steadyNow } from "./stream-registry.ts";

/** What an overview tells of openings and connections: plain counts, beside those of the metrics. */
export class OpeningTally {
  readonly #results = new Map<OpeningResult, number>();
  readonly #times: SlidingHistogram;
  #h1 = 0;
  #h2 = 0;

  constructor(now: () => number = steadyNow) {
    this.#times = new SlidingHistogram(now);
  }

  /** By what became of them. */
  get results(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#results);
  }

  /** Times of the openings that were accepted over the last minute, for `quantileOf`. */
  get times(): readonly number[] {
    return this.#times.counts();
  }

  /** Client connections that are open. */
  get connections(): { readonly h1: number; readonly h2: number } {
    return { h1: this.#h1, h2: this.#h2 };
  }

  /** An opening is over; without `seconds` nobody knows since when. Refusals take no time that would tell of the others. */
  over(result: OpeningResult, seconds?: number): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
    if (result === "accepted" && seconds !== undefined) this.#times.add(seconds * 1_000);
  }

  connectionOpened(connection: ConnectionFacts): void {
    this.#count(connection, 1);
  }

  connectionClosed(connection: ConnectionFacts): void {
    this.#count(connection, -1);
  }

  #count(connection: ConnectionFacts, difference: number): void {
    if (protocolOf(connection) === "h2") this.#h2 += difference;
    else this.#h1 += difference;
  }
}
