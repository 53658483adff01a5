import type { ServerHttp2Stream } from "node:http2";
import { connectAnswerFields, parseExtendedConnect } from "../protocol/handshake/extended-connect.ts";
import { fieldValues } from "../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { sendAnswer } from "./node-h2-answer.ts";
import { NodeH2ByteStream } from "./node-h2-stream.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import { DeadlineList } from "./deadline-list.ts";
import { PendingOpening, type OpeningResponder } from "./pending-opening.ts";
import type { AcceptorDeadlines } from "./transport-limits.ts";

/** Answers an Extended CONNECT on its stream. */
class ConnectResponder implements OpeningResponder {
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

/** Whose stream a CONNECT came on, and who is told of it. */
export interface ConnectContext {
  readonly facts: ConnectionFacts;
  readonly streamId: number;
  /** Asked when the stream is cut off: whether its connection is gone. */
  readonly isLost: () => boolean;
  readonly sink: AcceptorSink;
  readonly deadlines: Pick<AcceptorDeadlines, "answerMs" | "idleConnectionMs">;
}

/** Gives a CONNECT that is a good opening to the sink, and refuses any other. `rawFields` has the pseudo-fields. */
export function answerConnect(
  stream: ServerHttp2Stream,
  rawFields: FieldLines,
  { facts, streamId, isLost, sink, deadlines }: ConnectContext,
): void {
  const { answerMs, idleConnectionMs } = deadlines;
  const parsed = parseExtendedConnect(rawFields, facts.secure);
  if (parsed.type === "refused") {
    sink.refused(parsed.refusal, facts);
    sendAnswer(stream, parsed.rejection, idleConnectionMs);
    // DATA would contradict the length, and nghttp2 ends the whole session for that.
    if (fieldValues(rawFields, "content-length").length > 0) stream.once("finish", () => stream.destroy());
    return;
  }
  const responder = new ConnectResponder(stream, isLost, idleConnectionMs);
  const opening = new PendingOpening({
    request: parsed.request,
    connection: facts,
    streamId,
    responder,
    answering: new DeadlineList(answerMs),
  });
  stream.once("aborted", () => opening.leave());
  stream.once("close", () => opening.leave());
  sink.opening(opening);
}
