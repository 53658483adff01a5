import { fieldValues, tryFieldLines, withoutHopByHop, withoutLength } from "../../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../../protocol/handshake/upgrade.ts";
import { MaxRefusalBytes } from "../answer-reader.ts";
import type { AbortReason, ByteConsumer, StreamEnding } from "../byte-stream.ts";
import type { H2AskResult, PendingAsk } from "../h2-client.ts";
import { exceedsLimits } from "../header-size.ts";
import { ResponseBodyReader } from "../response-body.ts";
import { MaxResponseFields, MaxResponseHeadBytes } from "../response-head.ts";
import type { HeaderLimits } from "../transport-limits.ts";
import { brokenResponseRule, brokenTrailerRule } from "./field-rules.ts";
import { ErrorCode } from "./h2-codes.ts";
import type { AnswerTaker, H2Stream } from "./h2-stream.ts";
import type { HeaderBlock } from "./header-blocks.ts";

/** How large all heads of an answer may be. */
export const AnswerLimits: HeaderLimits = { maxHeaderBytes: MaxResponseHeadBytes, maxHeaderCount: MaxResponseFields };

/** An answer that refuses, of which the body has not come whole. */
interface Refusal {
  readonly status: number;
  readonly fields: FieldLines;
  readonly body: ResponseBodyReader;
  /** What is missing of it, where its length was said. */
  bytesLeft: number | undefined;
}

/**
 * One Extended CONNECT asked of a server on a stream:
 *
 *     asking ──▶ reading body ──▶ settled
 *        └─────────────────────────▲
 *
 * It has no deadline of its own. A malformed answer is a stream error PROTOCOL_ERROR (RFC 9113 §8.1.1).
 */
export class ConnectAsking implements PendingAsk, AnswerTaker, ByteConsumer {
  isAwaited = true;
  readonly #stream: H2Stream;
  readonly #judge: (fields: FieldLines) => CheckedAnswer;
  readonly #done: (result: H2AskResult) => void;
  /** The fields of all heads so far. */
  readonly #heads: string[] = [];
  #refusal: Refusal | undefined;
  #isSettled = false;

  /**
   * @param stream - that was just opened.
   * @param judge - is given the fields of a success.
   * @param done - called exactly once, never from within the constructor.
   */
  constructor(stream: H2Stream, judge: (fields: FieldLines) => CheckedAnswer, done: (result: H2AskResult) => void) {
    this.#stream = stream;
    this.#judge = judge;
    this.#done = done;
    stream.answer = this;
    stream.onGone = (ending) => this.#onGone(ending);
  }

  expire(): void {
    if (this.#refusal === undefined) this.#settle({ type: "timeout" }, "cancel");
    else this.#settleRefused();
  }

  abort(): void {
    this.#settle({ type: "aborted" }, "cancel");
  }

  onBlock({ fields, isCut, endStream, dependsOnItself }: HeaderBlock): void {
    // Interim responses have no number: they count towards the same limits, and so are bounded too.
    this.#heads.push(...fields);
    const isTooLarge = isCut || exceedsLimits(this.#heads, AnswerLimits);
    if (isTooLarge) return this.#settle({ type: "invalid", detail: "head above 16 KiB or 100 fields" }, "cancel");
    if (dependsOnItself) return this.#malformed("HEADERS that depend on themselves");
    if (!this.isAwaited) return this.#onTrailers(fields, endStream);
    const broken = brokenResponseRule(fields);
    if (broken !== undefined) return this.#malformed(broken);
    this.#onHead(Number(fields[1]), fields.slice(2), endStream);
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    if (refusal.bytesLeft !== undefined) refusal.bytesLeft -= end - start;
    if ((refusal.bytesLeft ?? 0) < 0) return this.#malformed("more content than its length");
    // A copy: a few bytes must not keep all the memory that they lie in.
    if (refusal.body.read(Buffer.from(bytes.subarray(start, end))) === "whole") this.#settleRefused();
  }

  onDrain(): void {}

  onEnd(): void {
    if ((this.#refusal?.bytesLeft ?? 0) > 0) this.#malformed("less content than its length");
    else this.#settleRefused();
  }

  onClose(): void {}

  #onHead(status: number, fields: FieldLines, endStream: boolean): void {
    // HTTP/2 has no 101 (RFC 9113 §8.6), and no answer ends with an interim response (§8.1).
    if (status === 101 || (status < 200 && endStream)) return this.#malformed("an interim response that may not be");
    if (status < 200) return;
    this.isAwaited = false;
    if (status < 300) this.#accept(fields);
    else this.#refuse(status, fields);
  }

  #accept(fields: FieldLines): void {
    const checked = this.#judge(fields);
    if (checked.type === "invalid") return this.#settle(checked, "cancel");
    const { type, ...answer } = checked;
    // A stream that lives for days must not hold its opening.
    this.#stream.answer = undefined;
    this.#stream.onGone = undefined;
    this.#settle({ type, stream: this.#stream, answer }, undefined);
  }

  #refuse(status: number, rawFields: FieldLines): void {
    const fields = tryFieldLines(rawFields);
    if (fields === undefined) return this.#malformed("an invalid field line");
    const lengths = fieldValues(fields, "content-length");
    const isSound = lengths.length === 0 || (lengths.length === 1 && /^\d{1,15}$/.test(lengths[0] ?? ""));
    if (!isSound) return this.#malformed("a length that is not one number");
    // What a 304 says is the length of something else (RFC 9110 §8.6).
    const bytesLeft = lengths.length === 0 || status === 304 ? undefined : Number(lengths[0]);
    this.#refusal = { status, fields, body: new ResponseBodyReader({ type: "close" }, MaxRefusalBytes), bytesLeft };
    this.#stream.start(this);
  }

  #onTrailers(fields: FieldLines, endStream: boolean): void {
    const broken = endStream ? brokenTrailerRule(fields) : "HEADERS behind an answer";
    if (broken !== undefined) this.#malformed(broken);
  }

  #onGone(ending: StreamEnding): void {
    const isUnprocessed = ending.type === "reset" && ending.code === ErrorCode.RefusedStream;
    if (this.#refusal !== undefined) this.#settleRefused();
    else if (isUnprocessed) this.#settle({ type: "unprocessed", error: undefined }, undefined);
    else this.#settle({ type: "lost", detail: "ended by the server", error: undefined }, undefined);
  }

  #malformed(detail: string): void {
    this.#settle({ type: "invalid", detail }, "protocol-error");
  }

  #settleRefused(): void {
    if (this.#refusal === undefined) return;
    const { status, fields, body } = this.#refusal;
    const rejection: OpeningRejection = {
      status,
      fields: withoutLength(withoutHopByHop(fields)),
      body: body.content,
    };
    // An answer is all that was wanted of the stream: our half need not end first.
    this.#settle({ type: "refused", rejection }, "no-error");
  }

  #settle(result: H2AskResult, reason: AbortReason | undefined): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#refusal = undefined;
    if (reason !== undefined) this.#stream.abort(reason);
    this.#done(result);
  }
}
