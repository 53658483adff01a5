import { CloseCode } from "../protocol/close-code.ts";
import { confirmExtensions, offerExtensions } from "../protocol/handshake/extension-negotiation.ts";
import { fieldValues, isToken, parseFieldLines, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningRequest } from "../protocol/handshake/opening-request.ts";
import { withoutHandshakeFields } from "../protocol/handshake/upgrade.ts";
import type { ClientDialer } from "../transport/client-dialer.ts";
import type { ClientDialRequest, ClientDialResult } from "../transport/client-dialing.ts";
import { isSameOrigin, type ClientTarget } from "./client-url.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { WebSocketConnection } from "./connection.ts";
import type { WebSocketConnectionOptions } from "./connection-options.ts";
import { openingError } from "./opening-error.ts";
import { redirectTarget } from "./redirect.ts";
import { WebSocketRequest } from "./request.ts";
import { isOwnError, showError } from "./show-error.ts";

/** What an opening asks and tells its client. */
export interface ClientOpeningContext {
  /** Who dials `target` in the way of `options`. */
  dialerOf(target: ClientTarget, options: ConnectOptions): Pick<ClientDialer, "dial">;
  /** Told of each connection when it begins, and when nothing is left of it. */
  began(connection: WebSocketConnection): void;
  ended(connection: WebSocketConnection): void;
}

type AcceptedDial = Extract<ClientDialResult, { type: "accepted" }>;

/** Fields that are for the origin they were meant for alone. */
const OfOneOrigin: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/** One WebSocket on its way to be open, through all its redirects. */
export class ClientOpening {
  readonly #context: ClientOpeningContext;
  readonly #subprotocols: readonly string[];
  readonly #extensions: string;
  readonly #deadlineMs: number;
  #options: ConnectOptions;
  #target: ClientTarget;
  #fields: FieldLines;

  /**
   * @param openingMs - from now on.
   * @throws TypeError for what cannot be written into a request.
   */
  constructor(target: ClientTarget, options: ConnectOptions, openingMs: number, context: ClientOpeningContext) {
    this.#context = context;
    this.#target = target;
    this.#options = options;
    this.#subprotocols = uniqueTokens(options.subprotocols ?? []);
    this.#extensions = offerExtensions(options.extensions ?? []);
    this.#fields = fieldsOf(target, options);
    this.#deadlineMs = performance.now() + openingMs;
  }

  /** @throws WebSocketError as `WebSocketClient.connect` does; `WS_NOT_OPEN` where `signal` has ended it. */
  async open(signal: AbortSignal): Promise<WebSocketConnection> {
    const { maxRedirects = 0 } = this.#options;
    for (let redirects = 0; ; redirects++) {
      const request = this.#request();
      const timeoutMs = Math.max(0, this.#deadlineMs - performance.now());
      const dialer = this.#context.dialerOf(this.#target, this.#options);
      const result = await dialer.dial(request, { timeoutMs, signal });
      if (result.type === "accepted") return this.#accept(result, request, signal);
      const mayFollow = result.type === "refused" && redirects < maxRedirects;
      if (!mayFollow || !this.#follow(redirectTarget(result.rejection, this.#target))) throw openingError(result);
    }
  }

  #request(): ClientDialRequest {
    const { scheme, authority, path } = this.#target;
    const [subprotocols, extensions] = [this.#subprotocols, this.#extensions];
    return { scheme, authority, path, subprotocols, extensions, fields: this.#fields };
  }

  /** Takes `target` for its next, without what it is not to be told; returns whether it may. */
  #follow(target: ClientTarget | undefined): boolean {
    if (target === undefined) return false;
    if (!isSameOrigin(target, this.#target)) {
      // At the end of a unix socket is one server, whatever it says.
      if (this.#options.socketPath !== undefined) return false;
      this.#fields = withoutNames(this.#fields, (name) => OfOneOrigin.has(name));
      const { ca, verify } = this.#options.tls ?? {};
      this.#options = { ...this.#options, tls: { ca, verify } };
    }
    this.#target = target;
    return true;
  }

  #accept(accepted: AcceptedDial, request: ClientDialRequest, signal: AbortSignal): WebSocketConnection {
    // It may have aborted behind the answer.
    if (signal.aborted) {
      accepted.stream.abort("cancel");
      throw openingError({ type: "aborted" });
    }
    const { extensions: negotiators = [], handler } = this.#options;
    try {
      const extensions = confirmExtensions(accepted.answer.extensions, negotiators);
      return this.#begin(accepted, request, { extensions, handler });
    } catch (error) {
      // To the server it is open: it is told why it does not stay so (RFC 6455 §7.4.1).
      void this.#begin(accepted, request, {}).close(CloseCode.MandatoryExtension);
      throw error;
    }
  }

  #begin(
    { stream, answer, httpVersion, peer }: AcceptedDial,
    request: ClientDialRequest,
    agreed: Pick<WebSocketConnectionOptions, "extensions" | "handler">,
  ): WebSocketConnection {
    const { extensions: _offered, handler: _handler, ...options } = this.#options;
    const { address, port, serverName } = peer;
    const tls = request.scheme === "https" ? { serverName, clientCertificate: undefined } : undefined;
    const connection: WebSocketConnection = new WebSocketConnection(stream, {
      ...options,
      ...agreed,
      role: "client",
      request: new WebSocketRequest<unknown>(asked(request, httpVersion), { address, port, tls }, undefined),
      subprotocol: answer.subprotocol,
      onUnhandledError: (error) => void (isOwnError(error) && showError(error)),
      onEnded: () => this.#context.ended(connection),
    });
    this.#context.began(connection);
    return connection;
  }
}

/** What was asked, with the lines that the handshake writes itself on either HTTP version. */
function asked(request: ClientDialRequest, httpVersion: "1.1" | "2"): OpeningRequest {
  const fields = ["sec-websocket-version", "13"];
  if (request.subprotocols.length > 0) fields.push("sec-websocket-protocol", request.subprotocols.join(", "));
  if (request.extensions !== "") fields.push("sec-websocket-extensions", request.extensions);
  return { ...request, httpVersion, fields: [...fields, ...withoutHandshakeFields(request.fields)] };
}

function uniqueTokens(subprotocols: readonly string[]): readonly string[] {
  for (const [i, subprotocol] of subprotocols.entries()) {
    const named = `subprotocols: ${JSON.stringify(subprotocol)} is`;
    if (!isToken(subprotocol)) throw new TypeError(`${named} no token (RFC 9110 §5.6.2)`);
    if (subprotocols.includes(subprotocol, i + 1)) throw new TypeError(`${named} there twice`);
  }
  return subprotocols;
}

function fieldsOf({ authorization }: ClientTarget, { fields = [], origin }: ConnectOptions): FieldLines {
  const own = origin === undefined ? [] : parseFieldLines(["origin", origin], "origin");
  const sound = [...parseFieldLines(fields), ...own];
  if (fieldValues(sound, "origin").length > 1)
    throw new TypeError('fields: a second "origin", and there is one at most');
  // What is said explicitly goes before what a URL carries.
  const isTold = authorization === undefined || fieldValues(sound, "authorization").length > 0;
  return isTold ? sound : [...sound, "authorization", authorization];
}
