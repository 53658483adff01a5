import { WebSocketError } from "../protocol/errors.ts";
import { openClientConnection, peerOf, type ClientRoute } from "../transport/client-connection.ts";
import { askForWebSocket, type DialRequest, type DialResult, type OpenConnection } from "../transport/dialer.ts";
import type { ConnectResult } from "../transport/h2-asking.ts";
import { H2Client } from "../transport/h2-client.ts";
import type { ClientProtocol } from "./client-route.ts";

/** How long a shared connection without a WebSocket is kept, and how often one with some is asked whether it lives. */
const H2Deadlines = { idleMs: 10_000, pingMs: 30_000 };

/** How long it is remembered that an origin's HTTP/2 takes no WebSockets. */
const RememberedMs = 600_000;

/** What became of asking, and over which connection. */
export interface AskedWebSocket {
  readonly httpVersion: "1.1" | "2";
  readonly result: DialResult;
  readonly peer: { readonly address: string; readonly port: number };
}

/** One origin, reached in one way: the HTTP/2 connections to it, which its WebSockets share. */
export class ClientOrigin {
  readonly #scheme: "http" | "https";
  readonly #routeOf: (protocol: ClientProtocol) => ClientRoute;
  readonly #clients = new Set<H2Client>();
  /** A connection that is being opened: who else wants one waits for it. */
  #opening: Promise<H2Client | OpenConnection | undefined> | undefined;
  #isHttp1Until = -Infinity;
  readonly #nowMs: () => number;

  constructor(
    scheme: "http" | "https",
    routeOf: (protocol: ClientProtocol) => ClientRoute,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#scheme = scheme;
    this.#routeOf = routeOf;
    this.#nowMs = nowMs;
  }

  /** Whether no connection of it is open or about to be: then it may be forgotten. */
  get isUnused(): boolean {
    return this.#clients.size === 0 && this.#opening === undefined && this.#nowMs() >= this.#isHttp1Until;
  }

  /**
   * Asks for a WebSocket.
   *
   * @throws WebSocketError of the catalogue where there is no connection; TypeError for a request that cannot be written.
   */
  async ask(request: DialRequest, protocol: ClientProtocol, signal: AbortSignal): Promise<AskedWebSocket> {
    const isHttp1 = protocol === "h1" || (protocol === "auto" && this.#isSpokenHttp1);
    if (isHttp1) return this.#askHttp1(await this.#connect("h1", signal), request, signal);
    // Once more where a server that is about to leave has not looked at it (RFC 9113 §8.7).
    for (let attempt = 0; ; attempt++) {
      const shared = await this.#share(protocol, signal);
      if (!(shared instanceof H2Client)) {
        return this.#askHttp1(shared ?? (await this.#connect("h1", signal)), request, signal);
      }
      const result = await shared.connect(request, this.#scheme, signal);
      if (result.type === "again" && attempt === 0) continue;
      return { httpVersion: "2", result: settled(result), peer: shared.peer };
    }
  }

  /** Its connections end behind their last WebSockets. */
  close(): void {
    for (const client of this.#clients) client.close();
  }

  get #isSpokenHttp1(): boolean {
    return this.#scheme === "http" || this.#nowMs() < this.#isHttp1Until;
  }

  async #askHttp1(open: OpenConnection, request: DialRequest, signal: AbortSignal): Promise<AskedWebSocket> {
    const peer = peerOf(open);
    // Its time is that of the signal.
    const result = await askForWebSocket(open, request, { answerTimeoutMs: 2 ** 31 - 1, signal });
    return { httpVersion: "1.1", result, peer };
  }

  /**
   * A connection with room for one more, or `undefined` where HTTP/2 is not to be had. The first to learn that HTTP/1.1 is
   * spoken gets the connection on which it has learnt it.
   */
  async #share(protocol: "auto" | "h2", signal: AbortSignal): Promise<H2Client | OpenConnection | undefined> {
    for (;;) {
      for (const client of this.#clients) if (client.hasRoom) return client;
      if (this.#opening === undefined) return this.#openShared(protocol, signal);
      // Whose opening that is may give up: then the next one opens.
      const other = await Promise.race([this.#opening.catch(() => undefined), aborted(signal)]);
      signal.throwIfAborted();
      if (!(other instanceof H2Client) && this.#isSpokenHttp1 && protocol === "auto") return undefined;
    }
  }

  async #openShared(protocol: "auto" | "h2", signal: AbortSignal): Promise<H2Client | OpenConnection | undefined> {
    this.#opening = this.#openH2(protocol, signal);
    try {
      return await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #openH2(protocol: "auto" | "h2", signal: AbortSignal): Promise<H2Client | OpenConnection | undefined> {
    const open = await this.#connect(protocol, signal);
    const isHttp2 = this.#scheme === "http" || ("alpnProtocol" in open.socket && open.socket.alpnProtocol === "h2");
    if (!isHttp2) return this.#fallBack(protocol, open);
    const client = new H2Client(open, this.#scheme, H2Deadlines, () => this.#clients.delete(client));
    const takes = await Promise.race([client.takesExtendedConnect(), aborted(signal)]);
    if (takes === true) {
      this.#clients.add(client);
      return client;
    }
    client.destroy();
    signal.throwIfAborted();
    if (takes === undefined && protocol === "auto") throw invalid("the connection ended before the server's SETTINGS");
    return this.#fallBack(protocol, undefined);
  }

  /** The server speaks HTTP/1.1 alone, or takes no WebSockets on HTTP/2. */
  #fallBack(protocol: "auto" | "h2", open: OpenConnection | undefined): OpenConnection | undefined {
    if (protocol === "auto") {
      this.#isHttp1Until = this.#nowMs() + RememberedMs;
      return open;
    }
    open?.socket.destroy();
    throw unavailable();
  }

  async #connect(protocol: ClientProtocol, signal: AbortSignal): Promise<OpenConnection> {
    const result = await openClientConnection(this.#routeOf(protocol), signal);
    switch (result.type) {
      case "open":
        return result.open;
      case "aborted":
        throw signal.reason;
      case "refused":
        throw new WebSocketError("WS_PROXY_REFUSED", `the proxy answers ${result.status}`, { response: result });
      case "failed":
        throw isAlpnAlert(result.error) ? unavailable(result.error) : failed(result.at, result.error);
      default:
        return result satisfies never;
    }
  }
}

/** Resolves when `signal` aborts. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

function settled(result: ConnectResult): DialResult {
  return result.type === "again" ? { type: "invalid", detail: "the server refuses the stream" } : result;
}

/** The server knows none of the protocols that were offered (RFC 7301 §3.2). */
function isAlpnAlert(error: Error): boolean {
  return "code" in error && error.code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";
}

function failed(at: "connection" | "tls" | "proxy", cause: Error): WebSocketError {
  const origin = "transport";
  if (at === "tls") return new WebSocketError("WS_TLS_FAILED", "the TLS handshake failed", { origin, cause });
  const message = at === "proxy" ? "the proxy cannot be used" : "the server cannot be reached";
  return new WebSocketError("WS_UNREACHABLE", message, { origin, cause });
}

function unavailable(cause?: Error): WebSocketError {
  return new WebSocketError("WS_HTTP2_UNAVAILABLE", "the server takes no WebSockets over HTTP/2", { cause });
}

function invalid(detail: string): WebSocketError {
  return new WebSocketError("WS_OPENING_INVALID", detail);
}
