import { constants, type ClientHttp2Stream } from "node:http2";
import { withoutHopByHop, withoutLength, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import { MaxRefusalBytes } from "./answer-reader.ts";
import type { H2AskResult, PendingAsk } from "./h2-client.ts";
import { exceedsLimits } from "./header-size.ts";
import { NodeH2ByteStream } from "./node-h2-stream.ts";
import { resetStream } from "./node-h2-reset.ts";
import { ResponseBodyReader } from "./response-body.ts";
import { MaxResponseHeadBytes, MaxResponseFields } from "./response-head.ts";

/** What an {@link H2Asking} is told by its connection. */
export interface H2AskingOptions {
  judge(fields: FieldLines): CheckedAnswer;
  /** Whether the connection is gone. */
  isLost(): boolean;
  /** Whether the server has said that it does not look at the stream `id` any more. */
  isUnseen(id: number): boolean;
}

const HeadLimits = { maxHeaderBytes: MaxResponseHeadBytes, maxHeaderCount: MaxResponseFields };

/**
 * One Extended CONNECT asked of a server on a stream:
 *
 *     asking ──▶ reading body ──▶ settled
 *        └─────────────────────────▲
 *
 * It is to its stream what `H1Asking` is to a connection, and has no deadline of its own either.
 */
export class H2Asking implements PendingAsk {
  readonly #stream: ClientHttp2Stream;
  readonly #options: H2AskingOptions;
  readonly #done: (result: H2AskResult) => void;
  /** The fields of all heads so far. */
  readonly #heads: string[] = [];
  #refusal: { readonly status: number; readonly fields: FieldLines; readonly body: ResponseBodyReader } | undefined;
  #error: Error | undefined;
  #isSettled = false;

  /** @param done - called exactly once, never from within the constructor. */
  constructor(stream: ClientHttp2Stream, options: H2AskingOptions, done: (result: H2AskResult) => void) {
    this.#stream = stream;
    this.#options = options;
    this.#done = done;
    // Also behind the answer: a stream without a listener for errors would bring the process down.
    stream.on("error", (error) => (this.#error = error));
    stream.on("headers", (_, __, rawFields) => this.#addHead(rawFields));
    stream.once("response", (_, __, rawFields) => this.#onResponse(rawFields));
    stream.once("close", this.#onClose);
  }

  expire(): void {
    this.#settle(this.#refused ?? { type: "timeout" });
  }

  abort(): void {
    this.#settle({ type: "aborted" });
  }

  #onResponse(rawFields: FieldLines): void {
    if (!this.#addHead(rawFields)) return;
    const status = Number(rawFields[rawFields.indexOf(":status") + 1]);
    const fields = withoutNames(rawFields, (name) => name.startsWith(":"));
    if (status >= 300) this.#refuse(status, fields);
    else this.#accept(fields);
  }

  /** Interim responses have no number: they count towards the same limits, and so are bounded too. */
  #addHead(rawFields: FieldLines): boolean {
    this.#heads.push(...rawFields);
    const isTooLarge = exceedsLimits(this.#heads, HeadLimits);
    if (isTooLarge) this.#settle({ type: "invalid", detail: "head above 16 KiB or 100 fields" });
    return !isTooLarge;
  }

  #accept(fields: FieldLines): void {
    const checked = this.#options.judge(fields);
    if (checked.type === "invalid") return this.#settle(checked);
    const { type, ...answer } = checked;
    this.#settle({ type, stream: new NodeH2ByteStream(this.#stream, () => this.#options.isLost()), answer });
  }

  #refuse(status: number, fields: FieldLines): void {
    const body = new ResponseBodyReader({ type: "close" }, MaxRefusalBytes);
    this.#refusal = { status, fields, body };
    this.#stream.on("data", (part: Buffer) => {
      if (!this.#isSettled && body.read(part) === "whole") this.#settleRefused();
    });
    this.#stream.once("end", () => this.#settleRefused());
  }

  get #refused(): { readonly type: "refused"; readonly rejection: OpeningRejection } | undefined {
    if (this.#refusal === undefined) return undefined;
    const { status, fields, body } = this.#refusal;
    const rejection = { status, fields: withoutLength(withoutHopByHop(fields)), body: body.content };
    return { type: "refused", rejection };
  }

  #settleRefused(): void {
    if (this.#refused !== undefined) this.#settle(this.#refused);
  }

  readonly #onClose = (): void => {
    const { id, rstCode } = this.#stream;
    const error = this.#error;
    // Without an id it has never left.
    const isUnseen = id === undefined || this.#options.isUnseen(id);
    const isUnprocessed = isUnseen || rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (this.#refused !== undefined) this.#settle(this.#refused);
    else if (isUnprocessed) this.#settle({ type: "unprocessed", error });
    else this.#settle({ type: "lost", detail: "ended by the server", error });
  };

  #settle(result: H2AskResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stream.off("close", this.#onClose);
    // An answer is all that was wanted of the stream: our half need not end first.
    if (result.type === "refused") resetStream(this.#stream, constants.NGHTTP2_NO_ERROR);
    else if (result.type !== "accepted") resetStream(this.#stream, constants.NGHTTP2_CANCEL);
    this.#done(result);
  }
}
