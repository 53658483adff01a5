import { textRejection } from "../../protocol/handshake/opening-refusal.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { HttpExchange } from "../../transport/opening.ts";
import { retryAfter } from "../../websocket/retry-after.ts";
import type { RequestOutcome, RequestResult } from "../telemetry/request-metrics.ts";
import { protocolOf } from "../telemetry/stream-registry.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { ServingContext } from "./serving-context.ts";

/** What a request is counted under: names from the config. */
export type RequestLabels = Pick<RequestOutcome, "route" | "upstream">;

/** Tells, once, what became of one ordinary request. Whoever moves its content counts it here. */
export class RequestReport {
  /** Content of the request and of the response so far, in bytes. */
  bytesIn = 0;
  bytesOut = 0;
  /** What the client is answered; 0 for nothing. */
  status = 0;
  readonly #exchange: HttpExchange;
  readonly #labels: RequestLabels;
  readonly #tell: (outcome: RequestOutcome) => void;
  readonly #startedAt = performance.now();
  #told = false;

  constructor(exchange: HttpExchange, labels: RequestLabels, tell: (outcome: RequestOutcome) => void) {
    this.#exchange = exchange;
    this.#labels = labels;
    this.#tell = tell;
  }

  /** Tells that it is over. A later call does nothing. */
  over(result: RequestResult, detail?: string): void {
    if (this.#told) return;
    this.#told = true;
    const { method, connection } = this.#exchange;
    this.#tell({
      ...this.#labels,
      protocol: protocolOf(connection),
      method,
      status: this.status,
      seconds: (performance.now() - this.#startedAt) / 1000,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      result,
      detail,
    });
  }

  /** Gives the client the whole `answer` and tells that it is over. */
  answer(result: RequestResult, answer: Parameters<HttpExchange["respond"]>[0], detail?: string): void {
    this.#exchange.respond(answer);
    if (this.#exchange.method !== "HEAD") this.bytesOut += Buffer.byteLength(answer.body);
    this.status = answer.status;
    this.over(result, detail);
  }

  /** Answers with one sentence of text: what went wrong. */
  fail({ result, status, sentence, limit, detail = limit }: RequestFailure): void {
    const rejection = textRejection(status, sentence, status === 503 ? retryAfter() : []);
    this.answer(result, rejection, detail);
  }

  /** Answers with one sentence of text. */
  refuse(result: RequestResult, status: number, sentence: string, fields: FieldLines = []): void {
    this.answer(result, textRejection(status, sentence, fields));
  }
}

/** What answering one request needs of the gateway around it. */
export type RequestContext = Pick<ServingContext, "live" | "trustedProxies" | "limitHit"> & {
  readonly deadlines: Pick<ServingContext["deadlines"], "bodyIdleMs">;
};
