import { fieldValues } from "../protocol/handshake/field-values.ts";
import { ChunkedDecoder, type BodyProgress } from "./chunked-decoder.ts";
import type { ResponseHead } from "./response-head.ts";

/** How the end of a response's body is found (RFC 9112 §6.3). */
export type BodyFraming =
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  /** The body ends with the connection. */
  | { readonly type: "close" };

const Length = /^\d{1,15}$/;

/**
 * The framing of the body behind `head`, the final response to a GET, or `undefined` where the head leaves it open to doubt:
 * both a length and a coding, a coding other than `chunked` alone, one in HTTP/1.0, a length that is not one number.
 */
export function tryBodyFraming({ httpVersion, status, fields }: ResponseHead): BodyFraming | undefined {
  const codings = fieldValues(fields, "transfer-encoding");
  const lengths = fieldValues(fields, "content-length");
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === "chunked";
    return isChunked && lengths.length === 0 && httpVersion !== "1.0" ? { type: "chunked" } : undefined;
  }
  if (status === 204 || status === 304) return { type: "length", bytes: 0 };
  if (lengths.length === 0) return { type: "close" };
  const [length = ""] = lengths;
  return lengths.length === 1 && Length.test(length) ? { type: "length", bytes: Number(length) } : undefined;
}

/** Reads a response's body up to `maxBytes`, where it cuts and calls it whole. */
export class ResponseBodyReader {
  readonly #maxBytes: number;
  readonly #decoder: ChunkedDecoder | undefined;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(framing: BodyFraming, maxBytes: number) {
    this.#maxBytes = framing.type === "length" ? Math.min(framing.bytes, maxBytes) : maxBytes;
    this.#decoder = framing.type === "chunked" ? new ChunkedDecoder() : undefined;
  }

  /** Takes the next bytes, which are kept; none where the body may be empty. Not to be called after another result. */
  read(chunk: Buffer): BodyProgress {
    const progress = this.#decoder?.read(chunk, (part) => this.#take(part)) ?? this.#take(chunk);
    // What is broken behind the cut is not looked at, however the bytes were cut on the way.
    return this.#bytes === this.#maxBytes ? "whole" : progress;
  }

  /** What has been read so far. */
  get content(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #take(part: Buffer): "more" {
    const kept = part.subarray(0, this.#maxBytes - this.#bytes);
    this.#bytes += kept.length;
    if (kept.length > 0) this.#parts.push(kept);
    return "more";
  }
}
