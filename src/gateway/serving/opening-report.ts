import { textRejection } from "../../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import type { Opening } from "../../transport/opening.ts";
import { retryAfter } from "../../websocket/retry-after.ts";
import type { OpeningResult } from "../telemetry/opening-result.ts";
import type { OpeningTrace } from "../telemetry/tracing.ts";
import { protocolOf, type Protocol } from "../telemetry/stream-registry.ts";

/** What became of one opening. */
export interface OpeningOutcome {
  /** Name of the route; empty if none matched. */
  readonly route: string;
  readonly protocol: Protocol;
  readonly result: OpeningResult;
  /** Status of the answer the client got; 0 if it left before one. */
  readonly status: number;
  /** Seconds from the request to the answer. */
  readonly seconds: number;
  /** The limit that was hit, or what was wrong with the upstream, for the log: nothing in it is the peer's own words. */
  readonly detail: string | undefined;
  /** The span of the opening, where it is sampled. */
  readonly trace: OpeningTrace | undefined;
}

/** Answers one opening and tells, once, what became of it. */
export class OpeningReport {
  /** The span of the opening, where it is sampled. */
  readonly trace: OpeningTrace | undefined;
  readonly #opening: Opening;
  readonly #route: string;
  readonly #tell: (outcome: OpeningOutcome) => void;
  readonly #startedAt = performance.now();
  #told = false;

  constructor(opening: Opening, route: string, tell: (outcome: OpeningOutcome) => void, trace?: OpeningTrace) {
    this.trace = trace;
    this.#opening = opening;
    this.#route = route;
    this.#tell = tell;
  }

  /** Whether the opening has its answer, or nobody waits for one. */
  get isOver(): boolean {
    return this.#told;
  }

  /** Since the opening came. */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Tells that the opening was accepted. */
  accepted(): void {
    this.answered("accepted", this.#opening.connection.httpVersion === "2" ? 200 : 101);
  }

  /** Tells of an answer that was given elsewhere, such as the acceptor's own when its deadline passed. */
  answered(result: OpeningResult, status: number, detail?: string): void {
    if (this.#told) return;
    this.#told = true;
    const protocol = protocolOf(this.#opening.connection);
    const { seconds } = this;
    this.trace?.over({ result, status });
    this.#tell({ route: this.#route, protocol, result, status, seconds, detail, trace: this.trace });
  }

  /** Gives the client `rejection`, unless it has its answer. */
  reject(result: OpeningResult, rejection: OpeningRejection, detail?: string): void {
    this.#opening.reject(rejection);
    this.answered(result, rejection.status, detail);
  }

  /** Refuses with `status` and one sentence of text as the body; 503 says when to try again. */
  refuse(result: OpeningResult, status: number, sentence: string, detail?: string): void {
    this.reject(result, textRejection(status, sentence, status === 503 ? retryAfter() : []), detail);
  }
}
