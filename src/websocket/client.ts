import { WebSocketError } from "../protocol/errors.ts";
import { confirmExtensions, offerExtensions } from "../protocol/handshake/extension-negotiation.ts";
import { fieldValues, isToken, singleFieldValue, withoutNames } from "../protocol/handshake/field-values.ts";
import type { OpeningAnswer, OpeningRejection, OpeningRequest } from "../protocol/handshake/opening-request.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import type { DialRequest } from "../transport/dialer.ts";
import { ClientOrigin, type AskedWebSocket } from "./client-origin.ts";
import { clientRoute, routeKey } from "./client-route.ts";
import { isSameOrigin, parseClientUrl, type ClientTarget } from "./client-url.ts";
import { DefaultOpeningMs, type ConnectOptions } from "./connect-options.ts";
import { WebSocketConnection } from "./connection.ts";
import { redirectTarget } from "./redirect.ts";
import { WebSocketRequest } from "./request.ts";

/** Fields that are for the origin they were meant for alone. */
const OfOneOrigin: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/**
 * Opens WebSockets, over HTTP/1.1 and HTTP/2 alike, and owns the HTTP/2 connections that they share: one for each origin and
 * way to it, more where a server lets fewer streams be open than are wanted. A shared connection on which no WebSocket is open
 * does not keep the process alive, and is closed 10 s later.
 */
export class WebSocketClient {
  readonly #defaults: ConnectOptions;
  readonly #origins = new Map<string, ClientOrigin>();
  #isClosed = false;

  /** @param defaults - for what the options of a call leave out. */
  constructor(defaults: ConnectOptions = {}) {
    this.#defaults = defaults;
  }

  /**
   * Resolves to an open WebSocket. Rejects, with nothing left behind, with the reason of `options.signal`, with TypeError for
   * options that cannot be written into a request (nothing has been sent then), or with WebSocketError:
   *
   * - `WS_URL_INVALID`: the URL, of the server or the proxy, is none.
   * - `WS_UNREACHABLE`, `WS_TLS_FAILED`, `WS_PROXY_REFUSED` (with `response`), `WS_HTTP2_UNAVAILABLE`: no connection.
   * - `WS_OPENING_TIMEOUT`: not open within `openingMs`.
   * - `WS_OPENING_REFUSED`, `WS_REDIRECTED`: another status than that of a WebSocket, in `response`.
   * - `WS_OPENING_INVALID`, `WS_EXTENSION_…`: the answer breaks a rule (RFC 6455 §4.1, RFC 8441 §5).
   */
  async connect(url: string | URL, options: ConnectOptions = {}): Promise<WebSocketConnection> {
    if (this.#isClosed) throw new TypeError("the client is closed");
    const all = { ...this.#defaults, ...options };
    const target = parseClientUrl(url);
    all.signal?.throwIfAborted();
    const timeout = new AbortController();
    const { openingMs = DefaultOpeningMs } = all;
    const timer = setTimeout(() => timeout.abort(openingTimeout(openingMs)), openingMs);
    const signal = all.signal ? AbortSignal.any([all.signal, timeout.signal]) : timeout.signal;
    try {
      return await this.#open(target, offerOf(target, all), all, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens none any more, and resolves at once: shared connections end behind their last WebSockets, which live on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
  }

  async #open(
    target: ClientTarget,
    request: DialRequest,
    options: ConnectOptions,
    signal: AbortSignal,
  ): Promise<WebSocketConnection> {
    const { maxRedirects = 0 } = options;
    let to = target;
    let asking = request;
    for (let redirects = 0; ; redirects++) {
      const asked = await this.#originOf(to, options).ask(asking, options.protocol ?? "auto", signal);
      const { result } = asked;
      switch (result.type) {
        case "accepted":
          return connectionOn(result, { to, asking, asked, options });
        case "refused": {
          const next = redirects < maxRedirects ? redirectTarget(result.rejection, to) : undefined;
          if (next === undefined) throw refused(result.rejection);
          asking = requestTo(next, to, asking);
          to = next;
          continue;
        }
        case "aborted":
          throw signal.reason;
        default:
          throw new WebSocketError("WS_OPENING_INVALID", result.detail);
      }
    }
  }

  #originOf(target: ClientTarget, options: ConnectOptions): ClientOrigin {
    const key = routeKey(target, options);
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    for (const [other, origin] of this.#origins) if (origin.isUnused) this.#origins.delete(other);
    const origin = new ClientOrigin(target.scheme, clientRoute(target, options));
    this.#origins.set(key, origin);
    return origin;
  }
}

/**
 * The client of {@link connect}. The one state that the library shares among its users: as with `fetch`, two parts of a program
 * that know nothing of each other use one HTTP/2 connection to a server.
 */
const Shared = new WebSocketClient();

/** Opens a WebSocket as {@link WebSocketClient.connect} does, with the client that all callers of this function share. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<WebSocketConnection> {
  return Shared.connect(url, options);
}

/** @throws TypeError for subprotocols that are no unique tokens, and for a line of `fields` that the handshake writes itself. */
function offerOf(target: ClientTarget, options: ConnectOptions): DialRequest {
  const { subprotocols = [], extensions = [], fields = [], origin } = options;
  if (!subprotocols.every(isToken) || new Set(subprotocols).size < subprotocols.length) {
    throw new TypeError("subprotocols are unique tokens");
  }
  const lines = fields.map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part));
  if (origin !== undefined) lines.push("origin", origin);
  const isTold = fieldValues(lines, "authorization").length > 0;
  if (target.authorization !== undefined && !isTold) lines.push("authorization", target.authorization);
  return {
    authority: target.authority,
    path: target.path,
    subprotocols,
    extensions: offerExtensions(extensions),
    fields: lines,
  };
}

/** The request as it is sent on to where a redirect leads. */
function requestTo(next: ClientTarget, from: ClientTarget, request: DialRequest): DialRequest {
  const kept = isSameOrigin(next, from)
    ? request.fields
    : withoutNames(request.fields, (name) => OfOneOrigin.has(name));
  return { ...request, authority: next.authority, path: next.path, fields: kept };
}

/** @throws WebSocketError `WS_EXTENSION_…` for an answer that fits no offer; the stream is aborted then. */
function connectionOn(
  { stream, answer }: { readonly stream: ByteStream; readonly answer: OpeningAnswer },
  context: {
    readonly to: ClientTarget;
    readonly asking: DialRequest;
    readonly asked: AskedWebSocket;
    readonly options: ConnectOptions;
  },
): WebSocketConnection {
  const { to, asking, asked, options } = context;
  const { extensions: negotiators = [], tls, handler, ...connection } = options;
  try {
    const extensions = confirmExtensions(answer.extensions, negotiators);
    const serverName = tls?.serverName ?? to.host;
    const facts = to.scheme === "https" ? { serverName, clientCertificate: undefined } : undefined;
    const opening: OpeningRequest = { httpVersion: asked.httpVersion, scheme: to.scheme, ...asking };
    const request = new WebSocketRequest<unknown>(opening, { ...asked.peer, tls: facts }, undefined);
    const { subprotocol } = answer;
    return new WebSocketConnection(stream, {
      ...connection,
      role: "client",
      request,
      subprotocol,
      extensions,
      handler,
    });
  } catch (error) {
    stream.abort("cancel");
    throw error;
  }
}

function refused({ status, fields, body }: OpeningRejection): WebSocketError {
  const isRedirect = status < 400 && singleFieldValue(fields, "location") !== undefined;
  const code = isRedirect ? "WS_REDIRECTED" : "WS_OPENING_REFUSED";
  return new WebSocketError(code, `the server answers ${status}`, { response: { status, fields, body } });
}

function openingTimeout(openingMs: number): WebSocketError {
  return new WebSocketError("WS_OPENING_TIMEOUT", `not open within ${openingMs} ms`, { origin: "transport" });
}
