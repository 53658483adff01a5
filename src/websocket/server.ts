import { CloseCode, isSendable } from "../protocol/close-code.ts";
import { WebSocketError } from "../protocol/errors.ts";
import { parseFieldLines } from "../protocol/handshake/field-values.ts";
import { NoWebSocketHere, SomethingFailed } from "../protocol/handshake/opening-refusal.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { AttachedAcceptor, type NodeServer } from "../transport/attached-acceptor.ts";
import { ConnectionGate } from "../transport/connection-gate.ts";
import { Listener } from "../transport/listener.ts";
import type { AcceptorSink, HttpExchange, Opening } from "../transport/opening.ts";
import { Admission } from "./admission.ts";
import { Backlog } from "./backlog.ts";
import { WebSocketConnection } from "./connection.ts";
import { drain } from "./drain.ts";
import type { HandledConnection } from "./handler.ts";
import { lingerMsOf } from "./linger.ts";
import { LiveSet } from "./live-set.ts";
import { MaxTimerMs } from "./number-rules.ts";
import { WebSocketRequest } from "./request.ts";
import { refuseExchange } from "./server-exchange.ts";
import { ServerOpening, type AcceptedWebSocket } from "./server-opening.ts";
import {
  type AttachOptions,
  checkAttachOptions,
  checkCloseOptions,
  listeningPlace,
  type PathListening,
  type ServerCloseOptions,
  type TcpListening,
} from "./server-call-options.ts";
import { checkServerOptions } from "./server-option-check.ts";
import { DefaultServerOptions, type ServerRules, type WebSocketServerOptions } from "./server-options.ts";
import { pathMatcher } from "./server-path.ts";
import { RuleBook, type ServedRules } from "./server-rules.ts";
import { acceptorSettings, admissionLimits, listenerOptions } from "./server-settings.ts";
import { isOwnError, showError } from "./show-error.ts";
import { withDefaults } from "./with-defaults.ts";

/** How long clients may take to end their connections when all WebSockets are gone. */
const FarewellMs = 1_000;

/**
 * Serves WebSockets over HTTP/1.1 and HTTP/2 alike: on ports and unix sockets of its own, and on servers of node:http,
 * node:https and node:http2 that others run. Each connection goes to the handler of its rules, or without one to
 * `for await`, once.
 */
export class WebSocketServer<Data = unknown> implements AsyncIterable<HandledConnection<Data>>, AsyncDisposable {
  readonly #options: ServerRules;
  readonly #rules: RuleBook;
  readonly #fields: FieldLines;
  readonly #gate: ConnectionGate;
  readonly #admission: Admission;
  readonly #live = new LiveSet<WebSocketConnection<Data>>();
  readonly #openings = new Set<Pick<ServerOpening<Data>, "refuse">>();
  readonly #backlog: Backlog<HandledConnection<Data>>;
  readonly #listeners = new Set<Listener>();
  readonly #attached: AttachedAcceptor[] = [];
  #closed: Promise<void> | undefined;
  #connectionIds = 0;

  /**
   * @throws TypeError for an option that is none, for a value that is of no use, and for a path, an origin, a host, a
   *   subprotocol, a field line, a certificate or a key that is none; RangeError for a number that is not allowed.
   */
  constructor(options: WebSocketServerOptions<Data>);
  /** None are needed where the connections have no data. */
  constructor(...options: undefined extends Data ? [] : [options: WebSocketServerOptions<Data>]);
  constructor(options: ServerRules = {}) {
    checkServerOptions(options);
    this.#options = options;
    this.#rules = new RuleBook(options);
    this.#fields = parseFieldLines(options.fields ?? []);
    this.#gate = new ConnectionGate(withDefaults(DefaultServerOptions.tcp, options.tcp));
    this.#admission = new Admission(admissionLimits(options));
    this.#backlog = new Backlog(options.maxBacklog ?? DefaultServerOptions.maxBacklog);
  }

  /** The connections that live now; the set changes as they come and go. */
  get connections(): ReadonlySet<HandledConnection<Data>> {
    return this.#live.items;
  }

  /**
   * Listens, and resolves to where; may be called several times.
   *
   * @throws Error of node:net with its `code`, such as EADDRINUSE, or of node:tls for a certificate that is not of its key.
   * @throws TypeError when the server closes, for a unix socket where there is TLS, and for options of the server's own;
   *   RangeError for a port that is none.
   */
  async listen(place: PathListening): Promise<{ readonly path: string }>;
  async listen(place?: TcpListening): Promise<{ readonly address: string; readonly port: number }>;
  async listen(place: TcpListening | PathListening = {}): Promise<PathListening | { address: string; port: number }> {
    this.#refuseWhenClosing();
    const where = listeningPlace(place);
    const listener = this.#createListener();
    this.#listeners.add(listener);
    try {
      const listening = await listenAt(listener, where);
      this.#refuseWhenClosing();
      return listening;
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
  }

  /**
   * Takes the WebSocket openings of `server`, which goes on serving whatever else is asked; its own limits and deadlines come
   * first. On HTTP/2 it is told to offer them to new connections, so attach before it listens. A 'stream' listener of its
   * owner's must leave alone the CONNECT requests that are ours.
   *
   * @throws TypeError when this server closes, and for a path that is none.
   */
  attach(server: NodeServer, options: AttachOptions = {}): void {
    this.#refuseWhenClosing();
    checkAttachOptions(options);
    const { path = () => true } = options;
    const takes = typeof path === "string" ? pathMatcher(path, "path") : path;
    const settings = {
      ...acceptorSettings(this.#options),
      takes: (asked: string) => this.#isTaken(takes, asked),
      nextConnectionId: this.#nextConnectionId,
    };
    this.#attached.push(new AttachedAcceptor(server, settings, this.#sink));
  }

  /**
   * The connections that no handler takes, as they come, until the server closes. Several loops share them. When as many wait
   * as `maxBacklog` says, an opening is refused with 503.
   *
   * @throws TypeError where handlers take every connection.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<HandledConnection<Data>, void, undefined> {
    if (this.#rules.hasAllHandlers)
      throw new TypeError("for await takes the connections that no handler takes, and here handlers take all");
    for (let next = await this.#backlog.take(); next !== undefined; next = await this.#backlog.take()) yield next;
  }

  /**
   * Accepts nothing more, refuses with 503 what is asked, sends each connection a Close, and behind the last of them GOAWAY on
   * HTTP/2. What is left after `drainMs` is cut. Resolves when all is gone; servers it was attached to live on. A later call
   * waits for the first.
   *
   * @throws WebSocketError `WS_CLOSE_CODE_INVALID`, RangeError for a time that is none, TypeError for an option that is none; then
   *   nothing has happened.
   */
  async close(options: ServerCloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    const { code = CloseCode.GoingAway, reason = "", drainMs = DefaultServerOptions.drainMs } = options;
    if (!isSendable(code)) {
      throw new WebSocketError("WS_CLOSE_CODE_INVALID", `${code} in a Close`, { origin: "caller" });
    }
    this.#closed ??= this.#drain(code, reason, Math.min(drainMs, MaxTimerMs));
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(code: number, reason: string, drainMs: number): Promise<void> {
    this.#backlog.close();
    for (const attached of this.#attached) attached.refuseNew();
    for (const opening of this.#openings) opening.refuse();
    const streams = {
      close: () => this.#live.items.forEach((connection) => connection.drain(code, "drain", reason)),
      abort: () => this.#live.items.forEach((connection) => connection.abort()),
      empty: (signal: AbortSignal) => this.#live.empty(signal),
    };
    await drain([...this.#listeners], streams, {
      drainMs,
      farewellMs: FarewellMs,
      cut: new AbortController().signal,
    });
    // Those that were cut last may be about to go.
    await this.#live.empty(AbortSignal.timeout(FarewellMs));
    for (const attached of this.#attached) attached.detach();
  }

  readonly #sink: AcceptorSink = {
    opening: (opening) => this.#onOpening(opening),
    exchange: (exchange) => this.#onExchange(exchange),
    // Nobody's fault but the client's, who has its answer.
    refused: () => undefined,
    abused: () => undefined,
    failed: (error) => this.#tell(error),
  };

  #onOpening(opening: Opening): void {
    const { connection } = opening;
    const { remoteAddress: address, remotePort: port, tls } = connection;
    const request = new WebSocketRequest(opening.request, { address, port, tls }, undefined);
    const rules = this.#rules.find(request);
    if (rules === undefined) return opening.reject(NoWebSocketHere);
    const refusal = rules.tryRefuse(request, connection);
    if (refusal !== undefined) return opening.reject(refusal);
    const admission = this.#admission.admit(connection, rules);
    if (admission.type === "refused") return opening.reject(admission.rejection);
    this.#decide(opening, request, rules, admission.release);
  }

  #decide(opening: Opening, request: WebSocketRequest, rules: ServedRules, release: () => void): void {
    const deciding = new ServerOpening<Data>(opening, request, rules, {
      fields: this.#fields,
      isFull: ({ handler }) => handler === undefined && this.#backlog.isFull,
      accepted: (accepted) => this.#connect(accepted, rules, lingerMsOf(opening), release),
      failed: (error) => this.#tell(error),
      over: (isAccepted) => {
        this.#openings.delete(deciding);
        if (!isAccepted) release();
      },
    });
    this.#openings.add(deciding);
    void deciding.begin();
  }

  #connect(
    { stream, ...opened }: AcceptedWebSocket<Data>,
    { connection: options, handler }: ServedRules,
    lingerMs: number | undefined,
    release: () => void,
  ): void {
    const connection = new WebSocketConnection<Data>(stream, {
      ...options,
      ...opened,
      role: "server",
      handler,
      lingerMs,
      onUnhandledError: (error) => void (isOwnError(error) && this.#tell(error)),
      onEnded: () => {
        this.#live.delete(connection);
        release();
      },
    });
    this.#live.add(connection);
    if (handler === undefined) this.#backlog.add(connection);
  }

  #onExchange(exchange: HttpExchange): void {
    if (this.#options.onRequest === undefined) refuseExchange(exchange);
    else void this.#answer(exchange);
  }

  async #answer(exchange: HttpExchange): Promise<void> {
    try {
      await this.#options.onRequest?.(exchange);
    } catch (error) {
      exchange.respond(SomethingFailed);
      // Where an answer has begun, nobody would end it.
      exchange.abort();
      this.#tell(error);
    }
  }

  /** Tells the application. What that throws has nobody left to be told to but the process. */
  #tell(error: unknown): void {
    if (this.#options.onError === undefined) return showError(error);
    try {
      this.#options.onError(error);
    } catch (failure) {
      showError(failure);
    }
  }

  #isTaken(takes: (path: string) => boolean, path: string): boolean {
    try {
      return takes(path);
    } catch (error) {
      this.#tell(error);
      return false;
    }
  }

  #createListener(): Listener {
    const options = listenerOptions(this.#options, this.#nextConnectionId);
    return new Listener(options, this.#gate, this.#sink, {
      connectionOpened: () => undefined,
      connectionClosed: () => undefined,
      connectionFailed: (_, reason) => {
        if (reason === "accept") this.#tell(new Error("a connection could not be accepted"));
      },
    });
  }

  readonly #nextConnectionId = (): number => ++this.#connectionIds;

  #refuseWhenClosing(): void {
    if (this.#closed !== undefined) throw new TypeError("the server is closed, or closing, and takes nothing more");
  }
}

async function listenAt(
  listener: Listener,
  place: ReturnType<typeof listeningPlace>,
): Promise<PathListening | { address: string; port: number }> {
  if (place.type === "path") {
    await listener.listenOnPath(place.path);
    return { path: place.path };
  }
  const { address, port } = await listener.listen(place);
  return { address, port };
}
