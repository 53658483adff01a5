import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hasListMember } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { parseUpgrade } from "../protocol/handshake/upgrade.ts";
import { H1Exchange, respondOnce } from "./h1-exchange.ts";
import { UpgradeResponder } from "./h1-opening.ts";
import { encodeLastResponse } from "./h1-response.ts";
import { closeLingering, destroyLater, LingerMs } from "./lingering-close.ts";
import type { AcceptorSink, ConnectionFacts, TransportRefusal } from "./opening.ts";
import { PendingOpening } from "./pending-opening.ts";
import { tryH1RequestFacts, type RequestFacts } from "./request-facts.ts";
import type { AcceptorDeadlines } from "./transport-limits.ts";

/** Most requests of one connection that wait for their answers: one read could bring thousands, and nobody pipelines. */
const MaxUnanswered = 16;

/** A request that is refused before the sink sees it. */
interface Refusal {
  readonly refusal: TransportRefusal;
  readonly rejection: OpeningRejection;
}

const refuse = (refusal: TransportRefusal, status: number): Refusal => ({
  refusal,
  rejection: { status, fields: [], body: "" },
});

const Draining = refuse("draining", 503);
const Malformed = refuse("malformed", 400);
const NotWebSocket = refuse("not-websocket", 501);
const SlowHead = refuse("deadline", 408);
const SlowAnswer = refuse("deadline", 504);

/** What a connection has from its acceptor. */
export interface H1ConnectionOptions {
  readonly facts: ConnectionFacts;
  /** The TCP socket beneath a TLS socket, or the socket itself. */
  readonly connection: Socket;
  readonly deadlines: AcceptorDeadlines;
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
  #unanswered = 0;
  /** The refusal of something that came behind unanswered requests; it is sent in its turn. */
  #lastAnswer: OpeningRejection | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #answerTimers = new Map<ServerResponse, NodeJS.Timeout>();

  /** Begins to watch `socket`, which node:http must have got before. */
  constructor(socket: Socket, options: H1ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.prependListener("data", this.#onData);
    socket.once("close", () => {
      clearTimeout(this.#timer);
      for (const timer of this.#answerTimers.values()) clearTimeout(timer);
    });
    this.#awaitHead({ begun: false });
  }

  /** A request that is no Upgrade to websocket. */
  onRequest(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (this.#isEnding) return;
    const { facts, sink, isDraining } = this.#options;
    const requested = isDraining() ? Draining : this.#judgeRequest(request);
    if ("refusal" in requested) return this.#refuse(requested);
    this.#awaitAnswer(request, response);
    // Behind an Upgrade that is not taken node:http loses what it has read: whose request that was would get the answer
    // to the next one.
    const offersUpgrade = request.headers.upgrade !== undefined;
    sink.exchange(new H1Exchange(requested, facts, response, () => offersUpgrade || isDraining()));
  }

  /** An Upgrade to websocket; `head` is what was read behind it. */
  onUpgrade(request: IncomingMessage, head: Uint8Array): void {
    this.#letGo(request);
    if (this.#isEnding) return;
    const { facts, sink, isDraining, connection, deadlines } = this.#options;
    const parsed = judgeUpgrade(request, facts.secure);
    // Its answer would overtake those before it, and then they would be written between its frames.
    if (this.#unanswered > 0) return this.#refuse(Malformed);
    if (isDraining()) return this.#refuse(Draining);
    if (parsed.type === "refused") return this.#refuse(parsed);
    clearTimeout(this.#timer);
    this.#state = "upgraded";
    const socket = this.#socket;
    const opening = new PendingOpening({
      request: parsed.request,
      connection: facts,
      streamId: 0,
      responder: new UpgradeResponder(socket, connection, parsed.key, head),
      answerMs: deadlines.answerMs,
    });
    socket.once("close", () => opening.leave());
    // A client that ends its half before the answer has given up: nobody closes only one half of an opening.
    socket.once("end", () => void (opening.leave() && socket.destroy()));
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
      this.#close();
    } else {
      this.#refuse(code === "HPE_HEADER_OVERFLOW" ? refuse("malformed", 431) : Malformed);
    }
  }

  /** Closes the connection if nothing is asked on it now. */
  closeIfIdle(): void {
    if (this.#state === "idle" || (this.#state === "head" && !this.#headBegun)) this.#close();
  }

  readonly #onData = (): void => {
    if (this.#state === "idle") this.#awaitHead({ begun: true });
    else if (this.#state === "head") this.#headBegun = true;
    else this.#readAhead = true;
  };

  #judgeRequest(request: IncomingMessage): RequestFacts | Refusal {
    const requested = tryH1RequestFacts(request.method ?? "", request.url ?? "", request.rawHeaders);
    if (requested === undefined || this.#unanswered === MaxUnanswered) return Malformed;
    // Asks for a WebSocket, but no Connection field says so: a proxy in between is set up half, and a 400 tells that.
    if (!isWebSocketUpgrade(request)) return requested;
    const parsed = judgeUpgrade(request, this.#options.facts.secure);
    return parsed.type === "refused" ? parsed : requested;
  }

  #awaitHead({ begun }: { readonly begun: boolean }): void {
    this.#state = "head";
    this.#headBegun = begun;
    this.#arm(this.#options.deadlines.headersMs, () => (this.#headBegun ? this.#refuse(SlowHead) : this.#close()));
  }

  #awaitAnswer(request: IncomingMessage, response: ServerResponse): void {
    clearTimeout(this.#timer);
    this.#state = "answering";
    this.#readAhead = false;
    this.#unanswered++;
    const { answerMs, idleConnectionMs } = this.#options.deadlines;
    const timer = setTimeout(() => {
      if (!response.headersSent) this.#options.sink.refused("deadline", this.#options.facts);
      respondOnce(response, SlowAnswer.rejection, { isLast: true });
      // The answer is there; a client that does not take it may not hold it for ever.
      this.#answerTimers.set(
        response,
        setTimeout(() => this.#socket.destroy(), idleConnectionMs),
      );
    }, answerMs);
    this.#answerTimers.set(response, timer);
    // What was read behind the head was the body.
    request.once("end", () => (this.#readAhead = false));
    request.resume();
    response.once("finish", () => this.#onAnswered(request, response));
  }

  #onAnswered(request: IncomingMessage, response: ServerResponse): void {
    clearTimeout(this.#answerTimers.get(response));
    this.#answerTimers.delete(response);
    this.#unanswered--;
    if (this.#unanswered > 0 || this.#state !== "answering") return;
    if (this.#lastAnswer !== undefined) {
      this.#close(this.#lastAnswer);
    } else if (this.#socket.writableEnded) {
      this.#state = "closing";
      destroyLater(this.#socket, LingerMs);
    } else if (request.complete) {
      this.#awaitNext();
    } else {
      // The rest of the body is of no use, but closing now could cost the client its answer.
      this.#arm(LingerMs, () => this.#socket.destroy());
      request.once("end", () => this.#awaitNext());
    }
  }

  #awaitNext(): void {
    if (this.#state !== "answering" || this.#unanswered > 0) return;
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
    this.#socket.resume();
  }

  /** The last answer of the connection, in its turn. */
  #refuse({ refusal, rejection }: Refusal): void {
    this.#options.sink.refused(refusal, this.#options.facts);
    if (this.#unanswered === 0) this.#close(rejection);
    else this.#lastAnswer = rejection;
  }

  #close(lastAnswer?: OpeningRejection): void {
    clearTimeout(this.#timer);
    this.#state = "closing";
    if (lastAnswer !== undefined) this.#socket.write(encodeLastResponse(lastAnswer));
    closeLingering(this.#socket);
  }

  #arm(timeoutMs: number, onTimeout: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, timeoutMs);
  }
}

/** Whether the client offers to go on with websocket; other protocols it offers are none of ours (RFC 9110 §7.8). */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return hasListMember([request.headers.upgrade ?? ""], "websocket");
}

function judgeUpgrade(request: IncomingMessage, secure: boolean): ReturnType<typeof parseUpgrade> {
  return parseUpgrade({
    method: request.method ?? "",
    httpVersion: request.httpVersion,
    target: request.url ?? "",
    fields: request.rawHeaders,
    secure,
  });
}
