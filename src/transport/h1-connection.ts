import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { H1Responder } from "./h1-exchange.ts";
import { upgradeOpening } from "./h1-opening.ts";
import { judgeH1, judgeUpgrade } from "./h1-request.ts";
import { encodeLastResponse } from "./h1-response.ts";
import { closeLingering, LingerMs, MaxDroppedBytes } from "./lingering-close.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import { PendingExchange } from "./pending-exchange.ts";
import { refuse, RefusedOpenings, type RefusedRequest } from "./refused-request.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/** Most requests of one connection that wait for their answers: one read could bring thousands, and nobody pipelines. */
const MaxUnanswered = 16;

const Draining = refuse("draining", 503);
const HeaderSize = refuse("header-size", 431);
const Malformed = refuse("malformed", 400);
const NotWebSocket = refuse("not-websocket", 501);
const SlowHead = refuse("deadline", 408);

/** What a connection has from its acceptor. */
export interface H1ConnectionOptions {
  readonly facts: ConnectionFacts;
  /** The TCP socket beneath a TLS socket, or the socket itself. */
  readonly connection: Socket;
  readonly deadlines: AcceptorDeadlines;
  readonly headers: HeaderLimits;
  readonly sink: AcceptorSink;
  /** Whether new requests are refused now. */
  readonly isDraining: () => boolean;
}

/**
 * One HTTP/1.1 connection: node:http parses it and calls the `on…` methods, this class keeps its time.
 *
 *     head ───request──▶ answering ──all answered──▶ idle ──first byte──▶ head
 *      │                  │      └──upgrade alone──▶ upgraded: the opening owns the socket
 *      └──too slow, broken┴──▶ closing: the last answer is out, what still comes is dropped
 *
 * The first head's time begins with the connection, each later one's with its first byte. A head that began in the very
 * chunk that ended the request before it counts as idle until its next byte.
 */
export class H1Connection {
  readonly #socket: Socket;
  readonly #options: H1ConnectionOptions;
  #state: "head" | "answering" | "idle" | "closing" | "upgraded" = "head";
  /** Of the head awaited now: whether a byte of it has come. */
  #headBegun = false;
  /** Whether bytes came behind the request that is being answered. */
  #readAhead = false;
  /** Those whose answers have not left, in the order of their requests. */
  readonly #exchanges = new Set<PendingExchange>();
  /** The request whose content may still come. */
  #request: IncomingMessage | undefined;
  /** Bytes of it that came behind its answer. */
  #droppedBytes: number | undefined;
  /** The refusal of something that came behind unanswered requests; it is sent in its turn. */
  #lastAnswer: OpeningRejection | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to watch `socket`, which node:http must have got before. */
  constructor(socket: Socket, options: H1ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    // node:http would destroy it behind a last answer, and a client that still sends would lose that.
    socket.destroySoon = () => this.#close();
    socket.prependListener("data", this.#onData);
    socket.once("end", this.#onEnd);
    socket.once("close", () => {
      clearTimeout(this.#timer);
      for (const exchange of this.#exchanges) exchange.leave();
    });
    this.#awaitHead({ begun: false });
  }

  /** A request that is no Upgrade to websocket. */
  onRequest(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (this.#isEnding) return;
    const { isDraining, headers, facts } = this.#options;
    const requested = isDraining() ? Draining : judgeH1(request, headers, facts.secure);
    if ("refusal" in requested || this.#exchanges.size === MaxUnanswered) {
      request.resume();
      return this.#refuse("refusal" in requested ? requested : Malformed);
    }
    clearTimeout(this.#timer);
    this.#state = "answering";
    this.#readAhead = false;
    this.#droppedBytes = undefined;
    this.#request = request;
    // What was read behind the head was the body.
    request.once("end", () => (this.#readAhead = false));
    this.#options.sink.exchange(this.#createExchange(requested, request, response));
  }

  /** An Upgrade to websocket; `head` is what was read behind it. */
  onUpgrade(request: IncomingMessage, head: Uint8Array): void {
    this.#letGo(request);
    if (this.#isEnding) return;
    const { facts, sink, isDraining, connection, deadlines } = this.#options;
    const parsed = judgeUpgrade(request, this.#options.headers, facts.secure);
    // Its answer would overtake those before it, and then they would be written between its frames.
    if (this.#exchanges.size > 0) return this.#refuse(RefusedOpenings.pipelined);
    if (isDraining()) return this.#refuse(RefusedOpenings.draining);
    if ("refusal" in parsed) return this.#refuse(parsed);
    clearTimeout(this.#timer);
    this.#state = "upgraded";
    const { answerMs } = deadlines;
    const opening = upgradeOpening(parsed, { socket: this.#socket, connection, facts, head, answerMs });
    sink.opening(opening);
  }

  /** A CONNECT: this is no proxy. */
  onConnect(request: IncomingMessage): void {
    this.#letGo(request);
    if (!this.#isEnding) this.#refuse(NotWebSocket);
  }

  /** What node:http could not parse, or an error of the socket. */
  onClientError(error: NodeJS.ErrnoException): void {
    if (this.#isEnding) return;
    const code = error.code ?? "";
    if (!code.startsWith("HPE_")) {
      this.#socket.destroy();
    } else if (code === "HPE_INVALID_EOF_STATE") {
      this.#onEnd();
      this.#close();
    } else if (this.#request?.complete === false) {
      this.#refuseContent();
    } else {
      this.#refuse(code === "HPE_HEADER_OVERFLOW" ? HeaderSize : Malformed);
    }
  }

  /** Closes the connection if nothing is asked on it now. */
  closeIfIdle(): void {
    if (this.#state === "idle" || (this.#state === "head" && !this.#headBegun)) this.#close();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === "idle") this.#awaitHead({ begun: true });
    else if (this.#state === "head") this.#headBegun = true;
    else this.#readAhead = true;
    if (this.#droppedBytes === undefined) return;
    this.#droppedBytes += bytes.length;
    if (this.#droppedBytes > MaxDroppedBytes) this.#close();
  };

  /** A client that ends its half before the answer has given up; one that has its answer may still take it. */
  readonly #onEnd = (): void => {
    const unanswered = [...this.#exchanges].filter((exchange) => !exchange.isAnswered);
    for (const exchange of unanswered) exchange.leave();
    if (unanswered.length > 0 && unanswered.length === this.#exchanges.size) this.#socket.destroy();
  };

  #createExchange(facts: RequestFacts, request: IncomingMessage, response: ServerResponse): PendingExchange {
    const { connection, isDraining, deadlines } = this.#options;
    // Behind an Upgrade that is not taken node:http loses what it has read: whose request that was would get the answer
    // to the next one.
    const offersUpgrade = request.headers.upgrade !== undefined;
    const isLast = (): boolean => offersUpgrade || isDraining();
    const { isChunked, contentLength = 0 } = facts.framing;
    const hasContent = isChunked || contentLength > 0;
    const exchange = new PendingExchange({
      facts,
      connection: this.#options.facts,
      streamId: 0,
      source: hasContent ? request : undefined,
      isCut: () => false,
      responder: new H1Responder(request, response, connection, isLast),
      deadlines,
    });
    this.#exchanges.add(exchange);
    if (!hasContent) request.resume();
    response.on("drain", () => exchange.drained());
    response.once("finish", () => {
      exchange.finished();
      this.#exchanges.delete(exchange);
      this.#onAnswered(request);
    });
    return exchange;
  }

  /** The content of the last request is none: what is behind it on the connection cannot be found. */
  #refuseContent(): void {
    const last = [...this.#exchanges].at(-1);
    if (last === undefined || last.isAnswered) return this.#refuse(Malformed);
    this.#options.sink.refused("malformed", this.#options.facts);
    last.giveUp("client-left", 400);
  }

  #awaitHead({ begun }: { readonly begun: boolean }): void {
    this.#state = "head";
    this.#headBegun = begun;
    this.#arm(this.#options.deadlines.headersMs, () => (this.#headBegun ? this.#refuse(SlowHead) : this.#close()));
  }

  #onAnswered(request: IncomingMessage): void {
    if (this.#exchanges.size > 0 || this.#state !== "answering") return;
    if (this.#lastAnswer !== undefined) {
      this.#close(this.#lastAnswer);
    } else if (request.complete) {
      this.#awaitNext();
    } else {
      // The rest of the body is of no use, but closing now could cost the client its answer.
      this.#droppedBytes = 0;
      this.#arm(LingerMs, () => this.#close());
      request.once("end", () => this.#awaitNext());
    }
  }

  #awaitNext(): void {
    if (this.#state !== "answering" || this.#exchanges.size > 0) return;
    this.#droppedBytes = undefined;
    if (this.#readAhead) return this.#awaitHead({ begun: true });
    this.#state = "idle";
    this.#arm(this.#options.deadlines.idleConnectionMs, () => this.#close());
  }

  /** Whether the last answer is out or waits for its turn: nothing counts any more that comes now. */
  get #isEnding(): boolean {
    return this.#state === "closing" || this.#lastAnswer !== undefined;
  }

  /** node:http has let go of the socket, so nobody reads it: what comes is dropped until somebody does. */
  #letGo(request: IncomingMessage): void {
    request.on("error", () => undefined);
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.resume();
  }

  /** The last answer of the connection, in its turn. */
  #refuse({ refusal, rejection }: RefusedRequest): void {
    this.#options.sink.refused(refusal, this.#options.facts);
    if (this.#exchanges.size === 0) this.#close(rejection);
    else this.#lastAnswer = rejection;
  }

  #close(lastAnswer?: OpeningRejection): void {
    if (this.#state === "closing") return;
    clearTimeout(this.#timer);
    this.#droppedBytes = undefined;
    this.#state = "closing";
    if (lastAnswer !== undefined) this.#socket.write(encodeLastResponse(lastAnswer));
    closeLingering(this.#socket);
  }

  #arm(timeoutMs: number, onTimeout: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, timeoutMs);
  }
}
