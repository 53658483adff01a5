import { acceptExtensions } from "../protocol/handshake/extension-negotiation.ts";
import { fieldValues, parseFieldLines } from "../protocol/handshake/field-values.ts";
import { SomethingFailed, textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { FieldLines, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { Extension } from "../protocol/message/extension.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import type { Opening } from "../transport/opening.ts";
import { checkNumbers, Count } from "./number-rules.ts";
import { WebSocketRequest } from "./request.ts";
import { retryAfter } from "./retry-after.ts";
import type { AcceptedOpening, AcceptedWithoutData, Authorization, RejectedOpening } from "./server-options.ts";
import type { ServedRules } from "./server-rules.ts";

const Closing = textRejection(503, "This server is closing.", retryAfter());
const NoSubprotocol = textRejection(400, "None of the subprotocols offered is spoken here.");
const NotTaken = textRejection(503, "Nobody takes WebSockets here at the moment.", retryAfter());

/** An opening that was accepted, on the way to become a connection. */
export interface AcceptedWebSocket<Data> {
  readonly stream: ByteStream;
  readonly request: WebSocketRequest<Data>;
  readonly subprotocol: string | undefined;
  readonly extensions: readonly Extension[];
}

/** What a {@link ServerOpening} asks and tells its server. */
export interface OpeningContext<Data> {
  /** Field lines of each answer that accepts. */
  readonly fields: FieldLines;
  /** Whether a connection under `rules` would have nobody to take it. */
  isFull(rules: ServedRules): boolean;
  accepted(accepted: AcceptedWebSocket<Data>): void;
  failed(error: unknown): void;
  /** Told once, with whether it was accepted: nothing more comes of the opening. */
  over(isAccepted: boolean): void;
}

/**
 * An opening that has its place, until its answer: `authorize` is asked, subprotocol and extensions are agreed on.
 *
 *     deciding ──accepted, rejected, failed──▶ over
 *         └──client left, deadline, refuse──▶ over, and the signal aborts
 */
export class ServerOpening<Data> {
  readonly #opening: Opening;
  readonly #request: WebSocketRequest;
  readonly #rules: ServedRules;
  readonly #context: OpeningContext<Data>;
  readonly #leaving = new AbortController();
  #isOver = false;

  constructor(opening: Opening, request: WebSocketRequest, rules: ServedRules, context: OpeningContext<Data>) {
    this.#opening = opening;
    this.#request = request;
    this.#rules = rules;
    this.#context = context;
    opening.onGone = () => this.#abandon();
  }

  /** Decides and answers. */
  async begin(): Promise<void> {
    const { authorize } = this.#rules;
    const { signal } = this.#leaving;
    try {
      // Without one nothing is waited for.
      const authorization = authorize && this.#checked(await authorize(this.#request, { signal }));
      if (!this.#isOver) this.#answer(authorization);
    } catch (error) {
      // Who gives up because nobody waits any more has not failed.
      if (!signal.aborted || error !== signal.reason) this.#context.failed(error);
      this.#reject(SomethingFailed);
    }
  }

  /** The server closes: the opening is refused with 503. */
  refuse(): void {
    this.#opening.reject(Closing);
    this.#abandon();
  }

  /** Not every application is type-checked, and what is no yes must not open anything. */
  #checked(authorization: unknown): Authorization<Data> {
    if (this.#isAuthorization(authorization)) return authorization;
    const given = Object(authorization) === authorization ? "another object" : String(authorization);
    throw new TypeError(`authorize gave ${given}, neither { type: "accept" } nor { type: "reject" }`);
  }

  /** That its data are `Data` is held by the types of the options. */
  #isAuthorization(value: unknown): value is Authorization<Data> {
    const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
    return type === "accept" || type === "reject";
  }

  #answer(authorization: Authorization<Data> | undefined): void {
    if (authorization?.type === "reject") return this.#reject(rejectionOf(authorization));
    const subprotocol = this.#rules.subprotocolFor(this.#request, authorization?.subprotocol);
    if (subprotocol === undefined && this.#rules.subprotocolRequired) return this.#reject(NoSubprotocol);
    if (this.#context.isFull(this.#rules)) return this.#reject(NotTaken);
    const { value, extensions } = acceptExtensions(this.#request.extensions, this.#rules.extensions);
    const fields = [...this.#context.fields, ...parseFieldLines(authorization?.fields ?? [], "fields of authorize")];
    const stream = this.#opening.accept({ subprotocol, extensions: value, fields });
    const request = new WebSocketRequest(this.#request, this.#request.peer, dataOf<Data>(authorization));
    this.#end(true);
    this.#context.accepted({ stream, request, subprotocol, extensions });
  }

  #reject(rejection: OpeningRejection): void {
    this.#opening.reject(rejection);
    this.#end(false);
  }

  #abandon(): void {
    this.#end(false);
    this.#leaving.abort();
  }

  #end(isAccepted: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.over(isAccepted);
  }
}

const RejectionNumbers = { status: { ...Count, from: 300, to: 599 }, retryAfterSeconds: { ...Count, from: 0 } };

/** @throws RangeError for a status that is none of a refusal or a time that is none, TypeError for an invalid field line. */
function rejectionOf(rejected: RejectedOpening): OpeningRejection {
  // Without types it may be missing, for which there is no default.
  checkNumbers(Object.assign({ status: NaN }, rejected), RejectionNumbers, "authorize: ");
  const { status, retryAfterSeconds, fields = [], body } = rejected;
  const lines = parseFieldLines(fields, "fields of authorize");
  const isTimed = retryAfterSeconds !== undefined || status === 429 || status === 503;
  const isTold = fieldValues(lines, "retry-after").length > 0;
  const all = isTimed && !isTold ? [...lines, ...retryAfter(retryAfterSeconds)] : lines;
  if (body === undefined) return textRejection(status, "This WebSocket is refused.", all);
  return { status, fields: all, body };
}

/** Where nobody is asked, or none are given, there are no data: then `Data` may be `undefined` by the types of the options. */
function dataOf<Data>(authorization: AcceptedOpening<Data> | AcceptedWithoutData | undefined): Data;
function dataOf(authorization: Partial<AcceptedOpening<unknown>> | undefined): unknown {
  return authorization?.data;
}
