import { connect, type ClientHttp2Session } from "node:http2";
import { connectRequestFields, type ConnectRequest } from "../protocol/handshake/extended-connect.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import { H2Asking, type H2AskResult } from "./h2-asking.ts";
import { LineBytes } from "./header-size.ts";
import { PingDeadline } from "./ping-deadline.ts";
import { MaxResponseHeadBytes } from "./response-head.ts";
import { KeepAliveMs } from "./transport-limits.ts";
import type { StandingConnection } from "./upstream-connecting.ts";

/** How an HTTP/2 connection of a client is kept, in milliseconds. */
export interface H2ClientOptions {
  /** How long it is kept without a stream. */
  readonly idleMs: number;
  /** How long nothing may come until a PING asks for it; Infinity: never. */
  readonly pingIntervalMs: number;
  /** How long nothing at all may come behind such a PING; then the connection is cut. */
  readonly pongMs: number;
}

/** Who has an {@link H2Client}. What it is told, it is never told from within a call. */
export interface H2ClientOwner {
  /** The server's first SETTINGS are there. */
  onSettings(client: H2Client): void;
  /** A stream has ended, or the server has changed how many there may be. */
  onRoom(): void;
  /** Told once: no further stream can be opened on it. */
  onLeaving(client: H2Client): void;
  /** Told once, at the end: the connection is gone. */
  onClosed(client: H2Client): void;
}

/** What one WebSocket, and all of a connection, may hold here unread: as a server of ours has it. */
const StreamWindowBytes = 262_144;
const ConnectionWindowBytes = 16_777_216;
/** A head beyond these is reset by node:http2 without a word. */
const MaxHeaderListBytes = 4 * MaxResponseHeadBytes;

const SessionOptions = {
  settings: { enablePush: false, initialWindowSize: StreamWindowBytes, maxHeaderListSize: MaxHeaderListBytes },
  maxHeaderListPairs: Math.ceil(MaxHeaderListBytes / LineBytes),
  // Strict, node:http2 drops a field with outer whitespace without a word; here the answer is refused for it.
  strictFieldWhitespaceValidation: false,
  // What is asked or answered twice is the business of its author, as over HTTP/1.1.
  strictSingleValueFields: false,
} as const;

/**
 * One HTTP/2 connection of a client, shared by its WebSockets (RFC 8441): node:http2 on a connection that stands.
 *
 *     opening ──SETTINGS──▶ open ──GOAWAY, retire, idle──▶ leaving ──last stream──▶ closed
 *        └─────────────────── lost, no answer to a PING, destroy ────────────────────▲
 *
 * One that leaves is not asked for answers: its WebSockets ask after their peer themselves.
 * It keeps the process alive while a stream is open, and while its SETTINGS are waited for.
 */
export class H2Client {
  readonly standing: StandingConnection;
  readonly #session: ClientHttp2Session;
  readonly #options: H2ClientOptions;
  readonly #owner: H2ClientOwner;
  readonly #ping: PingDeadline;
  #streams = 0;
  #state: "opening" | "open" | "leaving" | "closed" = "opening";
  /** The last stream that the server looks at, once it has said so. */
  #lastStreamId = Infinity;
  #idle: NodeJS.Timeout | undefined;

  constructor(standing: StandingConnection, options: H2ClientOptions, owner: H2ClientOwner) {
    this.standing = standing;
    this.#options = options;
    this.#owner = owner;
    standing.connection.setKeepAlive(true, KeepAliveMs);
    // Which scheme and authority are asked for, each request says.
    const session = connect("http://localhost", { ...SessionOptions, createConnection: () => standing.socket });
    this.#session = session;
    session.setLocalWindowSize(ConnectionWindowBytes);
    session.on("error", () => undefined);
    session.on("remoteSettings", () => this.#onSettings());
    session.on("goaway", (_, lastStreamId) => this.#onGoAway(lastStreamId));
    session.once("close", () => this.#onClose());
    this.#ping = new PingDeadline(this.#pinged(), options, () => this.destroy());
  }

  /** Whether the server takes WebSockets, as its first SETTINGS say (RFC 8441 §3). */
  get takesWebSockets(): boolean {
    return this.#session.remoteSettings?.enableConnectProtocol === true;
  }

  /** Whether no stream is open on it. */
  get isEmpty(): boolean {
    return this.#streams === 0;
  }

  /** Whether another stream may be opened now. */
  get hasRoom(): boolean {
    if (this.#state !== "open" || this.#session.closed || this.#session.destroyed) return false;
    return this.#streams < (this.#session.remoteSettings?.maxConcurrentStreams ?? Infinity);
  }

  /**
   * Asks for a WebSocket on a stream of its own (RFC 8441 §4–5), where there is room.
   *
   * @throws TypeError for a request that cannot be written.
   */
  ask(
    request: ConnectRequest,
    judge: (fields: FieldLines) => CheckedAnswer,
    done: (result: H2AskResult) => void,
  ): H2Asking {
    const stream = this.#session.request(connectRequestFields(request), { endStream: false });
    this.#streams++;
    clearTimeout(this.#idle);
    this.standing.connection.ref();
    stream.once("close", () => this.#onStreamClosed());
    const isLost = (): boolean => this.#session.destroyed || this.standing.socket.destroyed;
    return new H2Asking(stream, { judge, isLost, isUnseen: (id) => id > this.#lastStreamId }, done);
  }

  /** Opens no further stream; it ends behind its last one. */
  retire(): void {
    if (this.#state === "closed") return;
    this.#leave();
    this.#session.close();
  }

  /** Ends it now, with all its streams. */
  destroy(): void {
    this.#session.destroy();
    this.standing.socket.destroy();
  }

  #onSettings(): void {
    if (this.#state !== "opening") return this.#owner.onRoom();
    this.#state = "open";
    this.#owner.onSettings(this);
    this.#restWhenUnused();
  }

  #onStreamClosed(): void {
    this.#streams--;
    this.#restWhenUnused();
    this.#owner.onRoom();
  }

  /** Whoever was waiting has been served: without a stream it rests. */
  #restWhenUnused(): void {
    if (this.#streams > 0 || this.#state === "closed") return;
    this.standing.connection.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.retire(), this.#options.idleMs).unref();
  }

  #onGoAway(lastStreamId: number | undefined): void {
    this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId ?? Infinity);
    this.#leave();
  }

  #leave(): void {
    if (this.#state === "leaving" || this.#state === "closed") return;
    this.#state = "leaving";
    // Behind a GOAWAY node:http2 sends no PING any more: nothing would answer it.
    this.#ping.stop();
    this.#owner.onLeaving(this);
  }

  #onClose(): void {
    this.#leave();
    this.#state = "closed";
    clearTimeout(this.#idle);
    // node:http2 does not always close it behind a GOAWAY of its own.
    this.standing.socket.destroy();
    this.#owner.onClosed(this);
  }

  #pinged(): ConstructorParameters<typeof PingDeadline>[0] {
    const session = this.#session;
    const { connection } = this.standing;
    return {
      get bytesRead() {
        return connection.bytesRead;
      },
      ping: (onAnswer) => void (session.destroyed || session.ping((error) => error === null && onAnswer())),
    };
  }
}
