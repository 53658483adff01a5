import { CloseCode } from "../protocol/close-code.ts";
import { WebSocketError } from "../protocol/errors.ts";
import { ClientDialer } from "../transport/client-dialer.ts";
import { openNodeH2Client } from "../transport/node-h2-client.ts";
import { ClientOpening } from "./client-opening.ts";
import { clientServer, routeKey } from "./client-route.ts";
import { parseClientUrl, type ClientTarget } from "./client-url.ts";
import { checkConnectOptions } from "./connect-option-check.ts";
import { type ConnectOptions, DefaultOpeningMs } from "./connect-options.ts";
import type { WebSocketConnection } from "./connection.ts";
import { connectionSettings } from "./connection-options.ts";
import type { HandledConnection } from "./handler.ts";
import { LiveSet } from "./live-set.ts";
import { withDefaults } from "./with-defaults.ts";

/** How shared connections to one server are kept; a dial has a deadline for all of it. */
const Kept = {
  openClient: openNodeH2Client,
  idleMs: 5_000,
  maxClients: 32,
  maxStreams: Infinity,
  maxWaiting: Infinity,
  connectMs: Infinity,
} as const;
/** Servers that are remembered although nothing is open to them: each has its TLS, with the session to resume. */
const MaxUnusedDialers = 256;

/**
 * Opens WebSockets, over HTTP/1.1 and HTTP/2 alike, and owns the HTTP/2 connections that they share: one for each origin and
 * way to it, and more, 32 at most, where a server lets fewer streams be open than are wanted. A shared connection on which
 * no WebSocket is open does not keep the process alive, and is closed 5 s later. One from which nothing comes is asked for an
 * answer after `pingIntervalMs` of the defaults, and is lost where none comes within `pongMs`.
 */
export class WebSocketClient implements AsyncDisposable {
  readonly #defaults: ConnectOptions;
  readonly #dialers = new Map<string, ClientDialer>();
  readonly #openings = new Set<AbortController>();
  readonly #live = new LiveSet<WebSocketConnection>();
  #closed: Promise<void> | undefined;

  /**
   * @param defaults - for what the options of a call leave out or have as `undefined`.
   * @throws TypeError for an option that is none or is of no use, RangeError for a number that is not allowed.
   */
  constructor(defaults: ConnectOptions = {}) {
    checkConnectOptions(defaults, "new WebSocketClient()");
    this.#defaults = defaults;
  }

  /**
   * Resolves to an open WebSocket. Rejects, with nothing left behind, with the reason of `options.signal`, with TypeError for
   * options that are none, are of no use or cannot be written into a request, and RangeError for a number that is not allowed
   * (nothing has been sent then), or with WebSocketError:
   *
   * - `WS_URL_INVALID`: the URL, of the server or the proxy, is none.
   * - `WS_UNREACHABLE`, `WS_TLS_FAILED`, `WS_PROXY_REFUSED` (with `response`), `WS_HTTP2_UNAVAILABLE`: no connection.
   * - `WS_OPENING_TIMEOUT`: not open within `openingMs`.
   * - `WS_OPENING_REFUSED`, `WS_REDIRECTED`: another status than that of a WebSocket, in `response`.
   * - `WS_OPENING_INVALID`, `WS_EXTENSION_…`: the answer breaks a rule (RFC 6455 §4.1, RFC 8441 §5).
   * - `WS_NOT_OPEN`: the client was closed.
   */
  async connect(url: string | URL, options: ConnectOptions = {}): Promise<HandledConnection> {
    if (this.#closed !== undefined) throw clientClosed();
    checkConnectOptions(options, "connect()");
    const all = withDefaults(this.#defaults, options);
    const { signal, openingMs = DefaultOpeningMs } = all;
    const opening = new ClientOpening(parseClientUrl(url), all, openingMs, {
      dialerOf: (target, to) => this.#dialerOf(target, to),
      began: (connection) => this.#live.add(connection),
      ended: (connection) => this.#live.delete(connection),
    });
    signal?.throwIfAborted();
    const ending = new AbortController();
    const onAbort = (): void => ending.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    this.#openings.add(ending);
    try {
      return await opening.open(ending.signal);
    } catch (error) {
      ending.signal.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#openings.delete(ending);
    }
  }

  /**
   * Opens none any more, gives up those that are being opened, and closes the others with 1001. Resolves when nothing is left:
   * within what the connections allow for their closing handshakes.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const opening of this.#openings) opening.abort(clientClosed());
    for (const connection of this.#live.items) void connection.close(CloseCode.GoingAway);
    await this.#live.empty(new AbortController().signal);
    for (const dialer of this.#dialers.values()) dialer.destroy();
    this.#dialers.clear();
  }

  #dialerOf(target: ClientTarget, options: ConnectOptions): ClientDialer {
    const key = routeKey(target, options);
    const known = this.#dialers.get(key);
    if (known !== undefined) return known;
    this.#forgetUnused();
    const { pingIntervalMs, pongMs } = connectionSettings(this.#defaults);
    const kept = { ...Kept, pingIntervalMs, pongMs };
    const dialer = new ClientDialer(clientServer(target, options), kept);
    this.#dialers.set(key, dialer);
    return dialer;
  }

  /** Makes room for one more, of those that could be made anew the oldest first. */
  #forgetUnused(): void {
    if (this.#dialers.size < MaxUnusedDialers) return;
    for (const [key, dialer] of this.#dialers) {
      if (!dialer.isUnused) continue;
      this.#dialers.delete(key);
      return;
    }
  }
}

/**
 * The client of {@link connect}. The one state that the library shares among its users: as with `fetch`, two parts of a program
 * that know nothing of each other use one HTTP/2 connection to a server.
 */
const Shared = new WebSocketClient();

/** Opens a WebSocket as {@link WebSocketClient.connect} does, with the client that all callers of this function share. */
export function connect(url: string | URL, options?: ConnectOptions): Promise<HandledConnection> {
  return Shared.connect(url, options);
}

function clientClosed(): WebSocketError {
  return new WebSocketError("WS_NOT_OPEN", "the client is closed", { origin: "caller" });
}
