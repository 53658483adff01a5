import { fieldValues, listMembers } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { refuse, type RefusedRequest } from "./refused-request.ts";

/** Of the forms the grammar has the one that nobody reads as another number: without leading zeros, within 2^53. */
const Length = /^(?:0|[1-9]\d{0,14})$/;
const CodingsBeforeChunked = /^(?:(?!chunked)[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]*,[\t ]*)+chunked$/i;

/** How a request's content is delimited, and whether its client waits for 100 before it sends it. */
export interface Framing {
  /** In bytes; `undefined` where the content's end is told by the content itself. */
  readonly contentLength: number | undefined;
  /** On HTTP/2 it is the stream that says whether there is content. */
  readonly isChunked: boolean;
  readonly expectsContinue: boolean;
}

/**
 * The framing of a request, or its refusal where two recipients could find its end in two places (RFC 9112 §6.3, §11.2):
 * more than one length, another form of it than plain digits, a length beside a transfer coding, any coding but one
 * `chunked`, one on HTTP/1.0. An expectation that is not `100-continue` is answered 417 (RFC 9110 §10.1.1).
 *
 * @param httpVersion - as in the request line; `"2"` on HTTP/2.
 */
export function judgeFraming(httpVersion: string, fields: FieldLines): Framing | RefusedRequest {
  const lengths = fieldValues(fields, "content-length");
  if (lengths.length > 1 || lengths.some((length) => !Length.test(length))) return refuse("malformed", 400);
  const codings = fieldValues(fields, "transfer-encoding");
  const [coding] = codings;
  if (coding !== undefined) {
    if (httpVersion !== "1.1" || codings.length > 1 || lengths.length > 0) return refuse("malformed", 400);
    if (CodingsBeforeChunked.test(coding)) return refuse("malformed", 501);
    if (coding.toLowerCase() !== "chunked") return refuse("malformed", 400);
  }
  // HTTP/1.0 has no interim responses, and an expectation there means nothing.
  const expected = httpVersion === "1.0" ? [] : listMembers(fieldValues(fields, "expect"));
  if (expected.some((one) => one.toLowerCase() !== "100-continue")) return refuse("malformed", 417);
  return {
    contentLength: lengths[0] === undefined ? undefined : Number(lengths[0]),
    isChunked: coding !== undefined,
    expectsContinue: expected.length > 0,
  };
}
