import { constants, type ServerHttp2Stream } from "node:http2";
import { connectAnswerFields } from "../protocol/handshake/extended-connect.ts";
import { tryFieldLines, withoutHopByHop, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { LingerMs } from "./lingering-close.ts";
import { NodeH2ByteStream } from "./node-h2-stream.ts";
import type { ConnectionFacts, HttpExchange } from "./opening.ts";
import type { OpeningResponder } from "./pending-opening.ts";
import { contentBytes, contentLengthLine } from "./response-content.ts";

/** Answers an Extended CONNECT on its stream. */
export class ConnectResponder implements OpeningResponder {
  readonly #stream: ServerHttp2Stream;
  readonly #isConnectionLost: () => boolean;
  readonly #takeMs: number;

  /** @param takeMs - see {@link sendAnswer}. */
  constructor(stream: ServerHttp2Stream, isConnectionLost: () => boolean, takeMs: number) {
    this.#stream = stream;
    this.#isConnectionLost = isConnectionLost;
    this.#takeMs = takeMs;
  }

  accept(answer: OpeningAnswer): NodeH2ByteStream {
    this.#stream.respond([":status", "200", ...connectAnswerFields(answer)]);
    return new NodeH2ByteStream(this.#stream, this.#isConnectionLost);
  }

  reject(rejection: OpeningRejection): void {
    sendAnswer(this.#stream, rejection, this.#takeMs);
  }
}

/** An ordinary request on HTTP/2. */
export class H2Exchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  readonly #stream: ServerHttp2Stream;
  readonly #takeMs: number;

  /** @param takeMs - see {@link sendAnswer}. */
  constructor(facts: Omit<HttpExchange, "respond">, stream: ServerHttp2Stream, takeMs: number) {
    this.method = facts.method;
    this.path = facts.path;
    this.authority = facts.authority;
    this.fields = facts.fields;
    this.connection = facts.connection;
    this.streamId = facts.streamId;
    this.#stream = stream;
    this.#takeMs = takeMs;
  }

  respond(answer: Parameters<HttpExchange["respond"]>[0]): void {
    sendAnswer(this.#stream, answer, this.#takeMs);
  }
}

/**
 * Sends a whole final answer, unless one was sent or the stream is gone, and ends the stream alone. What the client still
 * sends on it is dropped; if it does not end its half, the stream is reset with NO_ERROR a little later (RFC 9113 §8.1).
 *
 * @param takeMs - how long the client may take to take the answer.
 * @throws TypeError for an invalid field line; nothing has been sent then.
 */
export function sendAnswer(
  stream: ServerHttp2Stream,
  { status, fields, body }: OpeningRejection,
  takeMs: number,
): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  const lines = tryFieldLines(fields);
  if (lines === undefined) throw new TypeError("invalid field line");
  const content = contentBytes(body);
  const own = contentLengthLine(status, content);
  const kept = withoutNames(withoutHopByHop(lines), (name) => name === "content-length");
  // node:http2 has ended the answer to a HEAD already.
  const endStream = content.length === 0 || stream.writableEnded;
  stream.respond([":status", String(status), ...kept, ...own], { endStream });
  if (!endStream) stream.end(content);
  stream.resume();

  let timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), takeMs);
  stream.once("finish", () => {
    clearTimeout(timer);
    timer = setTimeout(() => stream.destroy(), LingerMs);
  });
  stream.once("close", () => clearTimeout(timer));
}
