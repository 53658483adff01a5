import { connect, type ClientHttp2Session } from "node:http2";
import { connectRequestFields } from "../protocol/handshake/extended-connect.ts";
import { peerOf } from "./client-connection.ts";
import type { DialRequest, OpenConnection } from "./dialer.ts";
import { H2Asking, type ConnectResult } from "./h2-asking.ts";
import { KeepAliveMs } from "./transport-limits.ts";

/** What one WebSocket, and all of a connection, may hold here unread. */
const StreamWindowBytes = 262_144;
const ConnectionWindowBytes = 16_777_216;

/** How an {@link H2Client} ends by itself, in milliseconds. */
export interface H2ClientDeadlines {
  /** Without a stream. */
  readonly idleMs: number;
  /** How often a connection with streams is asked whether it lives, and how long it may take to say so. */
  readonly pingMs: number;
}

/**
 * One HTTP/2 connection of a client, shared by its WebSockets (RFC 8441): node:http2 on a connection that stands. It keeps the
 * process alive only while a stream is open.
 *
 *     open ──GOAWAY, close──▶ leaving ──last stream──▶ closed        idle for long: closed
 */
export class H2Client {
  readonly #session: ClientHttp2Session;
  readonly #open: OpenConnection;
  readonly #deadlines: H2ClientDeadlines;
  readonly #onUnusable: () => void;
  #streams = 0;
  #isLeaving = false;
  #idle: NodeJS.Timeout | undefined;
  readonly #pings: NodeJS.Timeout;

  /** @param onUnusable - told once, when no further stream can be opened. */
  constructor(open: OpenConnection, scheme: "http" | "https", deadlines: H2ClientDeadlines, onUnusable: () => void) {
    this.#open = open;
    this.#deadlines = deadlines;
    this.#onUnusable = onUnusable;
    open.connection.setKeepAlive(true, KeepAliveMs);
    // The authority is of no use to node:http2 here: each request names its own.
    this.#session = connect(`${scheme}://localhost`, {
      createConnection: () => open.socket,
      settings: { enablePush: false, initialWindowSize: StreamWindowBytes },
    });
    this.#session.setLocalWindowSize(ConnectionWindowBytes);
    this.#session.on("error", () => undefined);
    this.#session.once("goaway", () => this.#leave());
    this.#session.once("close", () => this.#onClose());
    this.#pings = setInterval(() => this.#ping(), deadlines.pingMs);
    this.#pings.unref();
  }

  /** Address and port of the other end; empty and 0 on a unix socket. */
  get peer(): { readonly address: string; readonly port: number } {
    return peerOf(this.#open);
  }

  /** Whether another stream may be opened now. */
  get hasRoom(): boolean {
    const { remoteSettings, destroyed } = this.#session;
    return !this.#isLeaving && !destroyed && this.#streams < (remoteSettings?.maxConcurrentStreams ?? Infinity);
  }

  /**
   * Waits for the server's SETTINGS. Resolves to whether it takes Extended CONNECT (RFC 8441 §3); to `undefined` where the
   * connection ends before.
   */
  async takesExtendedConnect(): Promise<boolean | undefined> {
    const session = this.#session;
    await new Promise<void>((resolve) => {
      session.once("remoteSettings", () => resolve());
      session.once("close", () => resolve());
    });
    return session.destroyed ? undefined : session.remoteSettings?.enableConnectProtocol === true;
  }

  /**
   * Opens a WebSocket on a stream (RFC 8441 §4–5).
   *
   * @throws TypeError for a request that cannot be written.
   */
  connect(request: DialRequest, scheme: "http" | "https", signal: AbortSignal): Promise<ConnectResult> {
    const lines = connectRequestFields({ ...request, scheme });
    if (signal.aborted) return Promise.resolve({ type: "aborted" });
    this.#use();
    const stream = this.#session.request([...lines], { endStream: false });
    stream.once("close", () => this.#release());
    return new Promise((resolve) => new H2Asking(stream, request, { isLost: () => this.#isLost, signal, resolve }));
  }

  /** Ends it behind its last stream. */
  close(): void {
    this.#leave();
    this.#session.close();
  }

  /** Ends it now, with all its streams. */
  destroy(): void {
    this.#session.destroy();
    this.#open.socket.destroy();
  }

  get #isLost(): boolean {
    return this.#session.destroyed || this.#open.socket.destroyed;
  }

  #use(): void {
    this.#streams++;
    clearTimeout(this.#idle);
    this.#open.connection.ref();
  }

  #release(): void {
    this.#streams--;
    if (this.#streams > 0 || this.#isLost) return;
    this.#open.connection.unref();
    this.#idle = setTimeout(() => this.close(), this.#deadlines.idleMs);
    this.#idle.unref();
  }

  #leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#onUnusable();
  }

  #onClose(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#idle);
    this.#leave();
    this.#open.socket.destroy();
  }

  /** Nobody answers: every WebSocket of it is lost. */
  #ping(): void {
    if (this.#streams === 0 || this.#isLost) return;
    const before = this.#open.connection.bytesRead;
    const deadline = setTimeout(() => {
      if (this.#open.connection.bytesRead === before) this.destroy();
    }, this.#deadlines.pingMs);
    deadline.unref();
    if (!this.#session.ping(() => clearTimeout(deadline))) clearTimeout(deadline);
  }
}
