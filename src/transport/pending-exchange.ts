import type { Readable } from "node:stream";
import {
  fieldValues,
  parseFieldLines,
  tryFieldLines,
  withoutHopByHop,
  withoutLength,
} from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { AnswerContent, Nowhere, type AnswerParts } from "./answer-content.ts";
import { Deadline } from "./deadline.ts";
import type { ConnectionFacts, HttpExchange, OpeningGone, ResponseBody } from "./opening.ts";
import { MaxDroppedBytes } from "./lingering-close.ts";
import { RequestBody } from "./request-body.ts";
import type { RequestFacts } from "./request-facts.ts";
import { contentBytes, contentLengthLine, hasNoContent } from "./response-content.ts";
import type { AcceptorDeadlines } from "./transport-limits.ts";

/** Parts of a whole answer: one the client takes tells that it is there. */
const PartBytes = 65_536;

/** The head of an answer as it is sent. */
export interface AnswerHead {
  readonly status: number;
  readonly fields: FieldLines;
  /** Whether content cannot follow. */
  readonly isEmpty: boolean;
  /** Whether content follows of a length that `fields` does not tell. */
  readonly isOpen: boolean;
  /** Whether the request's content is not worth waiting for: HTTP/1.1 closes the connection behind the answer. */
  readonly isLast: boolean;
}

/** How one HTTP version answers a request. Its owner tells the exchange `drained`, `finished` and `leave`. */
export interface ExchangeResponder {
  /** Whether what is written goes to the client now, and not first behind another answer. */
  readonly hasTurn: boolean;
  inform(status: number, fields: FieldLines): void;
  begin(head: AnswerHead): void;
  /** Takes `part` over and calls `onTaken` when it has left; returns whether to go on. */
  write(part: Uint8Array, onTaken: () => void): boolean;
  end(last: Uint8Array | undefined, trailers: FieldLines): void;
  /** Cuts the answer off so that the client can tell. */
  abort(): void;
}

/** What an acceptor knows of an ordinary request. */
export interface PendingExchangeOptions {
  readonly facts: RequestFacts;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  /** What the content is read from; `undefined` where there is none. */
  readonly source: Readable | undefined;
  /** Asked at the end of `source`: whether that is no end of the content. */
  readonly isCut: () => boolean;
  readonly responder: ExchangeResponder;
  readonly deadlines: AcceptorDeadlines;
}

/**
 * An {@link HttpExchange} on either HTTP version: one answer while the client is there, and a deadline on whatever is waited
 * for.
 *
 *     waiting ──begin, respond──▶ answering ──end──▶ leaving ──all taken──▶ over
 *        └──────── the client leaves, a deadline passes, abort ─────────────▲
 */
export class PendingExchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  readonly body: Readable | undefined;
  onGone: ((reason: OpeningGone) => void) | undefined;
  readonly #responder: ExchangeResponder;
  readonly #framing: RequestFacts["framing"];
  readonly #content: RequestBody | undefined;
  /** The owner has the request, and has not answered. */
  readonly #answerDeadline: Deadline;
  /** The owner waits for the client to send. */
  readonly #bodyDeadline: Deadline;
  /** The client has parts of the answer to take. */
  readonly #takeDeadline: Deadline;
  #answer: AnswerContent | undefined;
  #isContinued: boolean;
  #state: "waiting" | "answering" | "leaving" | "over" = "waiting";

  constructor(options: PendingExchangeOptions) {
    const { facts, source, deadlines } = options;
    this.method = facts.method;
    this.path = facts.path;
    this.authority = facts.authority;
    this.fields = facts.fields;
    this.connection = options.connection;
    this.streamId = options.streamId;
    this.#responder = options.responder;
    this.#framing = facts.framing;
    this.#isContinued = !facts.framing.expectsContinue;
    this.#answerDeadline = new Deadline(deadlines.responseMs, () => this.giveUp("deadline", 504));
    this.#bodyDeadline = new Deadline(deadlines.bodyIdleMs, () => this.giveUp("deadline", 408));
    this.#takeDeadline = new Deadline(deadlines.bodyIdleMs, () => this.#onNothingTaken());
    this.#content =
      source &&
      new RequestBody(source, options.isCut, {
        onWanted: () => this.#awaitPart(source),
        onServed: () => this.#awaitAnswer(),
      });
    this.body = this.#content?.readable;
    this.#awaitAnswer();
  }

  /** Whether the owner has said all, and the client need only take it. */
  get isAnswered(): boolean {
    return this.#state === "leaving" || this.#state === "over";
  }

  inform(status: number, fields: FieldLines): void {
    if (this.#state !== "waiting" || status < 102 || status > 199) return;
    this.#responder.inform(status, withoutLength(sendable(fields)));
  }

  respond({ status, fields, body }: Parameters<HttpExchange["respond"]>[0]): void {
    if (this.#state !== "waiting") return;
    const bytes = contentBytes(body);
    const lines = withoutLength(finalFields(status, fields));
    this.#sendWhole(this.#begin(status, [...lines, ...contentLengthLine(status, bytes)]), bytes);
  }

  begin({ status, fields }: Parameters<HttpExchange["begin"]>[0]): ResponseBody {
    const lines = finalFields(status, fields);
    if (this.#state !== "waiting") return new AnswerContent(Nowhere, true, undefined);
    return this.#begin(status, lines);
  }

  abort(): void {
    if (!this.isAnswered) (this.#answer ?? this.#parts).abort();
  }

  /** What could not be written before can be written now. */
  drained(): void {
    this.#answer?.drained();
  }

  /** The answer has left, whole. */
  finished(): void {
    this.#settle();
    this.#content?.drop();
  }

  /** The client's stream or connection is gone. */
  leave(): void {
    const isOver = this.#state === "over";
    this.#settle();
    if (!isOver) this.#tellGone("client-left");
  }

  /** Ends it without its owner, who is told `reason`: with `status` if no answer has begun, else the answer is cut off. */
  giveUp(reason: OpeningGone, status: number): void {
    if (this.#state === "over") return;
    const isUnanswered = this.#state === "waiting";
    this.#settle();
    if (isUnanswered) this.#begin(status, contentLengthLine(status, new Uint8Array()), true).endWith(undefined);
    else this.#responder.abort();
    this.#state = "over";
    this.#tellGone(reason);
  }

  #begin(status: number, fields: FieldLines, isLast = this.#isContentUnwanted): AnswerContent {
    const isEmpty = hasNoContent(this.method, status);
    const lines = withLengthOf(status, fields);
    const [length] = fieldValues(lines, "content-length");
    this.#responder.begin({ status, fields: lines, isEmpty, isOpen: length === undefined, isLast });
    this.#state = "answering";
    this.#answerDeadline.clear();
    this.#answer = new AnswerContent(this.#parts, isEmpty, length === undefined ? undefined : Number(length));
    return this.#answer;
  }

  /** Part by part, so that a client is not held to be gone while it takes a long answer slowly. */
  #sendWhole(answer: AnswerContent, bytes: Uint8Array): void {
    let sent = 0;
    const sendOn = (): void => {
      for (let goOn = true; goOn && bytes.length - sent > PartBytes; sent += PartBytes) {
        goOn = answer.write(bytes.subarray(sent, sent + PartBytes));
      }
      if (bytes.length - sent <= PartBytes) answer.endWith(bytes.subarray(sent));
    };
    answer.onDrain = sendOn;
    sendOn();
  }

  readonly #parts: AnswerParts = {
    write: (part, onTaken) => this.#responder.write(part, onTaken),
    end: (last, trailers) => {
      this.#state = "leaving";
      this.#responder.end(last, trailers);
    },
    abort: () => {
      this.#settle();
      this.#content?.fail("the answer was cut off");
      this.#responder.abort();
    },
    waiting: (isWaiting) => {
      // On HTTP/2 a part may tell that it was taken behind the end of all.
      if (isWaiting && this.#state !== "over") this.#takeDeadline.start();
      else this.#takeDeadline.clear();
    },
  };

  /** The rest of the content is more than can be thrown away, or may never come since nobody asked for it. */
  get #isContentUnwanted(): boolean {
    if (this.#content === undefined) return false;
    return !this.#isContinued || (!this.#content.isTouched && (this.#framing.contentLength ?? 0) > MaxDroppedBytes);
  }

  #awaitPart(source: Readable): void {
    if (this.#state === "over") return;
    this.#answerDeadline.clear();
    this.#bodyDeadline.start();
    if (this.#isContinued || this.#state !== "waiting") return;
    this.#isContinued = true;
    // A client that has not waited for it needs none (RFC 9110 §10.1.1).
    if (source.readableLength === 0) this.#responder.inform(100, []);
  }

  #awaitAnswer(): void {
    this.#bodyDeadline.clear();
    if (this.#state === "waiting") this.#answerDeadline.start();
  }

  #onNothingTaken(): void {
    if (!this.#responder.hasTurn) this.#takeDeadline.start();
    else if (this.#state === "over") this.#responder.abort();
    else this.giveUp("deadline", 504);
  }

  #tellGone(reason: OpeningGone): void {
    this.#answer?.cut();
    this.onGone?.(reason);
    this.#content?.fail(reason === "deadline" ? "the client was too slow" : "the client left");
  }

  #settle(): void {
    this.#state = "over";
    this.#answerDeadline.clear();
    this.#bodyDeadline.clear();
    this.#takeDeadline.clear();
  }
}

/** @throws TypeError for a line that is invalid, or a length that is none. */
function sendable(fields: FieldLines): FieldLines {
  const lines = parseFieldLines(fields);
  const lengths = fieldValues(lines, "content-length");
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length))) {
    throw new TypeError(`fields: content-length is ${JSON.stringify(lengths.join(", "))}, not one whole number`);
  }
  return withoutHopByHop(lines);
}

/** @throws TypeError as `sendable`, and for a status that is none of an answer. */
function finalFields(status: number, fields: FieldLines): FieldLines {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`status is ${status}, not a whole number from 200 to 599`);
  const kept = sendable(fields);
  if (status !== 426) return kept;
  // It names the protocol to upgrade to (RFC 9110 §15.5.22).
  return [...kept, ...fieldValues(tryFieldLines(fields) ?? [], "upgrade").flatMap((value) => ["upgrade", value])];
}

/** Neither a 204 nor a 205 has content, and HTTP/1.1 has to say so of the latter (RFC 9110 §8.6, §15.3.6). */
function withLengthOf(status: number, fields: FieldLines): FieldLines {
  if (status === 204) return withoutLength(fields);
  return status === 205 ? [...withoutLength(fields), "content-length", "0"] : fields;
}
