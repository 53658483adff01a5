import { constants, type ServerHttp2Stream } from "node:http2";
import { withoutHopByHop } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { lingerOnStream } from "./node-h2-linger.ts";
import { resetStream } from "./node-h2-reset.ts";
import type { AnswerHead, ExchangeResponder } from "./pending-exchange.ts";

/** Answers a request on its HTTP/2 stream. */
export class H2Responder implements ExchangeResponder {
  readonly hasTurn = true;
  readonly #stream: ServerHttp2Stream;
  readonly #onFinished: () => void;
  #isEmpty = false;
  #isOpen = false;
  #trailers: FieldLines = [];

  /** @param onFinished - told once the answer has left, whole. */
  constructor(stream: ServerHttp2Stream, onFinished: () => void) {
    this.#stream = stream;
    this.#onFinished = onFinished;
  }

  inform(status: number, fields: FieldLines): void {
    if (!this.#isGone) this.#stream.additionalHeaders({ ":status": status, ...grouped(fields) });
  }

  begin({ status, fields, isEmpty, isOpen }: AnswerHead): void {
    const stream = this.#stream;
    if (this.#isGone) return;
    this.#isEmpty = isEmpty;
    // Behind content of a known length nobody looks for trailers, and END_STREAM needs no frame of its own.
    this.#isOpen = isOpen && !isEmpty;
    if (this.#isOpen) stream.once("wantTrailers", () => this.#sendTrailers());
    const lines = [":status", String(status), ...withoutHopByHop(fields)];
    stream.respond(lines, { endStream: isEmpty, waitForTrailers: this.#isOpen });
  }

  write(part: Uint8Array, onTaken: () => void): boolean {
    return this.#isGone || this.#stream.write(part, onTaken);
  }

  end(last: Uint8Array | undefined, trailers: FieldLines): void {
    if (this.#isGone) return;
    // END_STREAM has left with the head.
    if (this.#isEmpty) return this.#finish();
    this.#trailers = trailers;
    if (!this.#isOpen) this.#stream.once("finish", () => this.#finish());
    this.#stream.end(last);
  }

  abort(): void {
    if (this.#stream.closed) this.#stream.destroy();
    else resetStream(this.#stream, constants.NGHTTP2_INTERNAL_ERROR);
  }

  #sendTrailers(): void {
    this.#stream.sendTrailers(grouped(this.#trailers));
    this.#onFinished();
    // node:http2 sends them in the next turn only.
    setImmediate(() => lingerOnStream(this.#stream));
  }

  #finish(): void {
    this.#onFinished();
    lingerOnStream(this.#stream);
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }
}

/** `fields` in the one form that trailers and interim responses of node:http2 take. */
function grouped(fields: FieldLines): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) (values[fields[i]!] ??= []).push(fields[i + 1]!);
  return values;
}
