import type { Http2SecureServer, Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { NoWebSocketHere } from "../protocol/handshake/opening-refusal.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { claiming, countStrangers, isFirstOfOurs, isTaken } from "./attached-claims.ts";
import type { AttachedContext } from "./attached-context.ts";
import { attachedFacts } from "./attached-facts.ts";
import { exceedsLimits } from "./header-size.ts";
import { sendAnswer } from "./node-h2-answer.ts";
import { answerConnect } from "./node-h2-opening.ts";
import type { ConnectionFacts } from "./opening.ts";
import { RefusedOpenings, type RefusedRequest } from "./refused-request.ts";

/** The openings over HTTP/2 of a server of node's that somebody else runs. */
export class AttachedStreams {
  readonly #server: Http2Server | Http2SecureServer;
  readonly #context: AttachedContext;
  readonly #facts = new WeakMap<Http2Session, ConnectionFacts>();

  constructor(server: Http2Server | Http2SecureServer, context: AttachedContext) {
    this.#server = server;
    this.#context = context;
    // Connections that are there already have been told otherwise.
    server.updateSettings({ enableConnectProtocol: true });
    server.on("stream", claiming(this.#onStream, context.takes));
    server.on("connect", claiming(this.#onConnect, context.takes));
  }

  detach(): void {
    this.#server.off("stream", this.#onStream);
    this.#server.off("connect", this.#onConnect);
  }

  readonly #onStream = (
    stream: ServerHttp2Stream,
    fields: IncomingHttpHeaders,
    _flags: number,
    rawFields: FieldLines,
  ): void => {
    const { session, id } = stream;
    if (fields[":method"] !== "CONNECT" || session === undefined || id === undefined) return;
    const path = fields[":path"] ?? "";
    const isOpening = fields[":protocol"] === "websocket";
    const isOurs = isOpening && this.#context.takes(path);
    if (!isOurs && (this.#isLeft || (isOpening && isTaken(this.#server.listeners("stream"), path)))) return;
    stream.on("error", () => undefined);
    if (stream.destroyed || stream.closed) return;
    if (isOpening && !isOurs) return sendAnswer(stream, NoWebSocketHere, this.#context.deadlines.idleConnectionMs);
    this.#answer(stream, session, { streamId: id, rawFields });
  };

  /** Without a listener, the compatibility layer of a server with 'request' listeners would answer each CONNECT 405. */
  readonly #onConnect = (): void => undefined;

  #answer(
    stream: ServerHttp2Stream,
    session: Http2Session,
    { streamId, rawFields }: { readonly streamId: number; readonly rawFields: FieldLines },
  ): void {
    const { sink, headers, deadlines, isDraining } = this.#context;
    const facts = this.#factsOf(session);
    if (isDraining()) return this.#refuse(stream, facts, RefusedOpenings.draining);
    if (exceedsLimits(rawFields, headers)) return this.#refuse(stream, facts, RefusedOpenings.headerSize);
    answerConnect(stream, rawFields, { facts, streamId, isLost: () => session.destroyed, sink, deadlines });
  }

  #refuse(stream: ServerHttp2Stream, facts: ConnectionFacts, { refusal, rejection }: RefusedRequest): void {
    this.#context.sink.refused(refusal, facts);
    sendAnswer(stream, rejection, this.#context.deadlines.idleConnectionMs);
  }

  /** Whether a CONNECT that is none of ours is left to others, be it one of ours that comes first. */
  get #isLeft(): boolean {
    const server = this.#server;
    // What the compatibility layer has got is answered there, whoever else listens for streams.
    const heirs = server.listeners(server.listenerCount("request") > 0 ? "connect" : "stream");
    return countStrangers(heirs) > 0 || !isFirstOfOurs(server.listeners("stream"), this.#onStream);
  }

  #factsOf(session: Http2Session): ConnectionFacts {
    const known = this.#facts.get(session);
    if (known !== undefined) return known;
    const facts = attachedFacts(session.socket, this.#context.nextConnectionId(), "2");
    this.#facts.set(session, facts);
    return facts;
  }
}
