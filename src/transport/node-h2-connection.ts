import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import { singleFieldValue } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { H2Connection, H2Options } from "./h2-acceptor.ts";
import type { H2Observer } from "./h2-observer.ts";
import { exceedsLimits, LineBytes } from "./header-size.ts";
import { destroyLater, LingerMs } from "./lingering-close.ts";
import { sendAnswer } from "./node-h2-answer.ts";
import { H2Responder } from "./node-h2-exchange.ts";
import { answerConnect } from "./node-h2-opening.ts";
import { ResetSent } from "./node-h2-reset.ts";
import type { AcceptorSink, ConnectionFacts, TransportRefusal } from "./opening.ts";
import { PendingExchange } from "./pending-exchange.ts";
import { LooksPerDeadline, PingWatch } from "./ping-watch.ts";
import { RefusedOpenings, RefusedRequests, type RefusedRequest } from "./refused-request.ts";
import { judgeH2Request } from "./request-facts.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/** What a connection has from its engine. */
export interface NodeH2ConnectionOptions {
  readonly facts: ConnectionFacts;
  readonly http2: H2Options;
  readonly deadlines: AcceptorDeadlines;
  readonly headers: HeaderLimits;
  readonly sink: AcceptorSink;
  /** `undefined`: nobody watches. */
  readonly observer: H2Observer | undefined;
  /** Told once, when the connection is gone. */
  readonly onClose: () => void;
  /** How long the client's SETTINGS may take. */
  readonly settingsMs: number;
}

/** How much more than the limit node:http2 takes, so that what goes beyond the limit alone can be answered. */
const HeaderSlack = 4;

/** The code with which nghttp2 ends a session by itself for an error of its own; INTERNAL_ERROR for all others. */
const CodeOfError: ReadonlyMap<number, number> = new Map([
  [-505, constants.NGHTTP2_PROTOCOL_ERROR],
  [-510, constants.NGHTTP2_STREAM_CLOSED],
  [-522, constants.NGHTTP2_FRAME_SIZE_ERROR],
  [-523, constants.NGHTTP2_COMPRESSION_ERROR],
  [-524, constants.NGHTTP2_FLOW_CONTROL_ERROR],
]);

/**
 * One HTTP/2 server connection on node:http2.
 *
 *     opening ──SETTINGS──▶ open ──goAway, no stream for long──▶ leaving ──last stream──▶ (closed)
 *        └── a deadline, a broken rule, destroy: RST or GOAWAY with an error ───────────────▲
 */
export class NodeH2Connection implements H2Connection {
  readonly facts: ConnectionFacts;
  readonly #options: NodeH2ConnectionOptions;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #watch: PingWatch;
  #openStreams = 0;
  #mostStreams = 0;
  /** Of the client's last GOAWAY. */
  #goAwayCode: number | undefined;
  #isDraining = false;
  /** Runs out before the client's SETTINGS, later while no stream is open. */
  #timer: NodeJS.Timeout;
  readonly #looks: NodeJS.Timeout;

  constructor(socket: Socket, options: NodeH2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.facts = options.facts;
    const session = performServerHandshake(socket, sessionOptions(options.http2, options.headers));
    this.#session = session;
    this.#watch = this.#createWatch();
    session.setLocalWindowSize(options.http2.connectionWindowBytes);
    this.#timer = setTimeout(() => this.#fail("deadline", constants.NGHTTP2_SETTINGS_TIMEOUT), options.settingsMs);
    this.#looks = setInterval(() => this.#look(), options.deadlines.headersMs / LooksPerDeadline);
    this.#listen();
  }

  get openStreams(): number {
    return this.#openStreams;
  }

  refuseNew(): void {
    this.#isDraining = true;
  }

  goAway(): void {
    this.#isDraining = true;
    this.#sayGoodbye();
  }

  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  #listen(): void {
    const session = this.#session;
    session.on("stream", (stream, _fields, _flags, rawFields) => this.#onStream(stream, rawFields));
    session.on("goaway", (code) => this.#onGoAway(code));
    session.once("remoteSettings", () => this.#awaitStream());
    session.on("error", (error: NodeJS.ErrnoException) => this.#onSessionError(error));
    const socket = this.#socket;
    socket.on("error", () => undefined);
    // Without the client's half no window opens again.
    socket.once("end", () => this.destroy());
    socket.once("close", () => {
      clearInterval(this.#looks);
      clearTimeout(this.#timer);
      this.#options.observer?.over(this.#mostStreams);
      this.#options.onClose();
    });
  }

  #onStream(stream: ServerHttp2Stream, rawFields: FieldLines): void {
    stream.on("error", () => undefined);
    const { id } = stream;
    // What came behind its HEADERS in the same read may have ended it already.
    if (id === undefined || stream.destroyed || stream.closed) return;
    this.#countStream(stream);
    const isConnect = singleFieldValue(rawFields, ":method") === "CONNECT";
    const { draining, headerSize } = isConnect ? RefusedOpenings : RefusedRequests;
    if (this.#isDraining) return this.#refuse(stream, draining);
    if (exceedsLimits(rawFields, this.#options.headers)) return this.#refuse(stream, headerSize);
    if (isConnect) this.#onConnect(stream, id, rawFields);
    else this.#onRequest(stream, id, rawFields);
  }

  #countStream(stream: ServerHttp2Stream): void {
    this.#openStreams++;
    this.#mostStreams = Math.max(this.#mostStreams, this.#openStreams);
    clearTimeout(this.#timer);
    const { observer } = this.#options;
    let isResetByUs = false;
    stream.once(ResetSent, (code: number) => {
      isResetByUs = true;
      observer?.reset("sent", code);
    });
    stream.once("close", () => {
      const isReset = stream.rstCode !== constants.NGHTTP2_NO_ERROR || stream.aborted;
      if (isReset && !isResetByUs && !this.#isLost) observer?.reset("received", stream.rstCode ?? 0);
      this.#openStreams--;
      this.#awaitStream();
    });
  }

  #onConnect(stream: ServerHttp2Stream, streamId: number, rawFields: FieldLines): void {
    const { sink, deadlines } = this.#options;
    answerConnect(stream, rawFields, { facts: this.facts, streamId, isLost: () => this.#isLost, sink, deadlines });
  }

  #onRequest(stream: ServerHttp2Stream, streamId: number, rawFields: FieldLines): void {
    const { sink, deadlines } = this.#options;
    const facts = judgeH2Request(rawFields);
    if ("refusal" in facts) return this.#refuse(stream, facts);
    const hasContent = !stream.endAfterHeaders;
    const exchange = new PendingExchange({
      facts,
      connection: this.facts,
      streamId,
      source: hasContent ? stream : undefined,
      isCut: () => stream.closed,
      responder: new H2Responder(stream, () => exchange.finished()),
      deadlines,
    });
    if (!hasContent) stream.resume();
    stream.on("drain", () => exchange.drained());
    stream.once("aborted", () => exchange.leave());
    stream.once("close", () => {
      // Where both halves end together, node:http2 may close the stream before it tells that ours is out.
      const isWhole = exchange.isAnswered && stream.rstCode === constants.NGHTTP2_NO_ERROR && !this.#isLost;
      if (isWhole) exchange.finished();
      else exchange.leave();
    });
    sink.exchange(exchange);
  }

  #refuse(stream: ServerHttp2Stream, { refusal, rejection }: RefusedRequest): void {
    this.#options.sink.refused(refusal, this.facts);
    sendAnswer(stream, rejection, this.#options.deadlines.idleConnectionMs);
  }

  get #isLost(): boolean {
    return this.#session.destroyed || this.#socket.destroyed;
  }

  #awaitStream(): void {
    clearTimeout(this.#timer);
    if (this.#isLost || this.#openStreams > 0) return;
    this.#timer = setTimeout(() => {
      this.#sayGoodbye();
      destroyLater(this.#socket, LingerMs);
    }, this.#options.deadlines.idleConnectionMs);
  }

  #onGoAway(code: number): void {
    if (code !== this.#goAwayCode) this.#options.observer?.goAway("received", code);
    this.#goAwayCode = code;
  }

  #sayGoodbye(): void {
    if (!this.#session.closed) this.#options.observer?.goAway("sent", constants.NGHTTP2_NO_ERROR);
    this.#session.close();
  }

  /** Looks for what no event tells. */
  #look(): void {
    if (this.#session.destroyed) {
      // Its GOAWAY may be on the way, but node:http2 does not always close the socket behind that, and no client must.
      clearInterval(this.#looks);
      destroyLater(this.#socket, LingerMs);
      return;
    }
    const finding = this.#watch.look(performance.now());
    if (finding === "slow-block") this.#fail("deadline", constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else if (finding === "dead") this.destroy();
  }

  #createWatch(): PingWatch {
    const socket = this.#socket;
    const session = this.#session;
    const openStreams = (): number => this.#openStreams;
    const watched = {
      get bytesRead() {
        return socket.bytesRead;
      },
      get bytesWritten() {
        return socket.bytesWritten;
      },
      get dataReceived() {
        return session.state.effectiveRecvDataLength ?? 0;
      },
      get openStreams() {
        return openStreams();
      },
      get isLeaving() {
        return session.closed;
      },
      ping: (onAnswer: () => void) => void session.ping((error) => error === null && onAnswer()),
    };
    return new PingWatch(watched, this.#options.deadlines);
  }

  #fail(refusal: TransportRefusal, code: number): void {
    this.#options.sink.refused(refusal, this.facts);
    this.#options.observer?.goAway("sent", code);
    this.#session.destroy(new Error(refusal), code);
    destroyLater(this.#socket, LingerMs);
  }

  #onSessionError(error: NodeJS.ErrnoException): void {
    // ERR_HTTP2_SESSION_ERROR is a GOAWAY, theirs or ours.
    if (error.code?.startsWith("ERR_HTTP2_") && error.code !== "ERR_HTTP2_SESSION_ERROR") {
      this.#options.sink.refused("malformed", this.facts);
      this.#options.observer?.goAway("sent", CodeOfError.get(error.errno ?? 0) ?? constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}

function sessionOptions(http2: H2Options, { maxHeaderBytes }: HeaderLimits): ServerOptions {
  // A request beyond these is reset without a word, and without telling us.
  const maxHeaderListSize = HeaderSlack * maxHeaderBytes;
  return {
    settings: {
      enableConnectProtocol: true,
      maxConcurrentStreams: http2.maxConcurrentStreams,
      initialWindowSize: http2.streamWindowBytes,
      maxHeaderListSize,
    },
    maxHeaderListPairs: Math.ceil(maxHeaderListSize / LineBytes),
    maxSessionMemory: http2.maxSessionMemoryMiB,
    streamResetBurst: http2.resetBurst,
    streamResetRate: http2.resetsPerSecond,
    // Streams that were reset count as open until the read is over. What comes beyond the limit in that read is rejected,
    // and the rejections are counted over the session's whole life: any limit would end it one day.
    maxSessionRejectedStreams: 0x7fff_ffff,
    // Strict, node:http2 drops a field with outer whitespace without a word; here the request is refused for it.
    strictFieldWhitespaceValidation: false,
    // Answers are passed on as their authors wrote them.
    strictSingleValueFields: false,
  };
}
