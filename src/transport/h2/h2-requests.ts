import { parseExtendedConnect } from "../../protocol/handshake/extended-connect.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { AcceptorSink, ConnectionFacts } from "../opening.ts";
import type { DeadlineList } from "../deadline-list.ts";
import { PendingExchange } from "../pending-exchange.ts";
import { PendingOpening } from "../pending-opening.ts";
import { RefusedOpenings, RefusedRequests, type RefusedRequest } from "../refused-request.ts";
import { judgeH2Request } from "../request-facts.ts";
import type { AcceptorDeadlines } from "../transport-limits.ts";
import { ConnectAnswer, ExchangeAnswer, sendAnswer } from "./h2-answers.ts";
import { H2Content } from "./h2-content.ts";
import type { H2Stream } from "./h2-stream.ts";
import type { HeaderBlock } from "./header-blocks.ts";

/** What the requests of a connection are served with. */
export interface H2RequestsOptions {
  readonly facts: ConnectionFacts;
  readonly sink: AcceptorSink;
  readonly deadlines: AcceptorDeadlines;
  /** Those of openings. */
  readonly answering: DeadlineList;
}

/** Makes openings and exchanges of the requests on one connection, or refuses them. */
export class H2Requests {
  readonly #options: H2RequestsOptions;
  /** From now on each new request is answered 503. */
  isDraining = false;

  constructor(options: H2RequestsOptions) {
    this.#options = options;
  }

  /**
   * Takes a request that breaks no rule of HTTP/2.
   *
   * @param block - what it was opened with, the pseudo-fields among its fields.
   */
  take(stream: H2Stream, { fields, isCut, endStream }: HeaderBlock): void {
    const { draining, headerSize } = stream.isTunnel ? RefusedOpenings : RefusedRequests;
    if (this.isDraining) this.#refuse(stream, draining);
    else if (isCut) this.#refuse(stream, headerSize);
    else if (stream.isTunnel) this.#takeConnect(stream, fields);
    else this.#takeRequest(stream, fields, !endStream);
  }

  /** Tells of a request that was refused without an answer. */
  tellMalformed(): void {
    this.#options.sink.refused("malformed", this.#options.facts);
  }

  #takeConnect(stream: H2Stream, fields: FieldLines): void {
    const { facts, sink, deadlines, answering } = this.#options;
    const parsed = parseExtendedConnect(fields, facts.secure);
    if (parsed.type === "refused") return this.#refuse(stream, parsed);
    const opening = new PendingOpening({
      request: parsed.request,
      connection: facts,
      streamId: stream.id,
      responder: new ConnectAnswer(stream, deadlines.idleConnectionMs),
      answering,
    });
    stream.onGone = () => void opening.leave();
    sink.opening(opening);
  }

  #takeRequest(stream: H2Stream, fields: FieldLines, hasContent: boolean): void {
    const { facts, sink, deadlines } = this.#options;
    const requested = judgeH2Request(fields);
    if ("refusal" in requested) return this.#refuse(stream, requested);
    const content = new H2Content(stream, () => exchange.drained());
    const exchange = new PendingExchange({
      facts: requested,
      connection: facts,
      streamId: stream.id,
      source: hasContent ? content.readable : undefined,
      isCut: () => false,
      responder: new ExchangeAnswer(stream, content, () => exchange.finished()),
      deadlines,
    });
    stream.onGone = () => exchange.leave();
    if (!hasContent) content.readable.resume();
    sink.exchange(exchange);
  }

  #refuse(stream: H2Stream, { refusal, rejection }: RefusedRequest): void {
    const { sink, facts, deadlines } = this.#options;
    sink.refused(refusal, facts);
    sendAnswer(stream, rejection, deadlines.idleConnectionMs);
  }
}
