import { connectAnswerFields } from "../../protocol/handshake/extended-connect.ts";
import { parseFieldLines, withoutHopByHop, withoutLength } from "../../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import type { ByteStream } from "../byte-stream.ts";
import type { AnswerHead, ExchangeResponder } from "../pending-exchange.ts";
import type { OpeningResponder } from "../pending-opening.ts";
import { contentBytes, contentLengthLine } from "../response-content.ts";
import { H2Content } from "./h2-content.ts";
import type { H2Stream } from "./h2-stream.ts";

/** Answers an Extended CONNECT on its stream. */
export class ConnectAnswer implements OpeningResponder {
  readonly #stream: H2Stream;
  readonly #takeMs: number;

  /** @param takeMs - see {@link sendAnswer}. */
  constructor(stream: H2Stream, takeMs: number) {
    this.#stream = stream;
    this.#takeMs = takeMs;
  }

  accept(answer: OpeningAnswer): ByteStream {
    this.#stream.sendHeaders([":status", "200", ...connectAnswerFields(answer)], false);
    // The opening is over, and a stream that lives for days must not hold it.
    this.#stream.onGone = undefined;
    return this.#stream;
  }

  reject(rejection: OpeningRejection): void {
    sendAnswer(this.#stream, rejection, this.#takeMs);
  }
}

/**
 * Sends a whole final answer and ends the stream alone; what the client still sends is dropped.
 *
 * @param takeMs - how long the client may take to take the answer.
 * @throws TypeError for an invalid field line; nothing has been sent then.
 */
export function sendAnswer(stream: H2Stream, { status, fields, body }: OpeningRejection, takeMs: number): void {
  const lines = parseFieldLines(fields);
  const content = contentBytes(body);
  const head = [
    ":status",
    String(status),
    ...withoutLength(withoutHopByHop(lines)),
    ...contentLengthLine(status, content),
  ];
  const unread = new H2Content(stream, () => undefined);
  const timer = setTimeout(() => stream.abort("cancel"), takeMs);
  stream.onOver = () => clearTimeout(timer);
  stream.onEndSent = () => {
    clearTimeout(timer);
    unread.linger();
  };
  stream.sendHeaders(head, content.length === 0);
  stream.write(content, 0, content.length, "kept");
  stream.end();
  unread.readable.resume();
}

/** Answers a request on its stream. */
export class ExchangeAnswer implements ExchangeResponder {
  readonly hasTurn = true;
  readonly #stream: H2Stream;
  readonly #content: H2Content;
  readonly #onFinished: () => void;
  #isEmpty = false;

  /**
   * @param content - the request's own.
   * @param onFinished - told once the answer has left, whole.
   */
  constructor(stream: H2Stream, content: H2Content, onFinished: () => void) {
    this.#stream = stream;
    this.#content = content;
    this.#onFinished = onFinished;
  }

  inform(status: number, fields: FieldLines): void {
    this.#stream.sendHeaders([":status", String(status), ...fields], false);
  }

  begin({ status, fields, isEmpty }: AnswerHead): void {
    this.#isEmpty = isEmpty;
    this.#stream.onEndSent = () => {
      this.#content.linger();
      if (!isEmpty) this.#onFinished();
    };
    this.#stream.sendHeaders([":status", String(status), ...withoutHopByHop(fields)], isEmpty);
  }

  write(part: Uint8Array, onTaken: () => void): boolean {
    return this.#stream.writePart(part, onTaken);
  }

  end(last: Uint8Array | undefined, trailers: FieldLines): void {
    // END_STREAM has left with the head.
    if (this.#isEmpty) return this.#onFinished();
    if (last !== undefined) this.#stream.write(last, 0, last.length, "kept");
    this.#stream.end(trailers.length > 0 ? trailers : undefined);
  }

  abort(): void {
    this.#stream.abort("internal-error");
  }
}
