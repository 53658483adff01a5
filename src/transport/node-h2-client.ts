import { connect, type ClientHttp2Session } from "node:http2";
import { connectRequestFields, type ConnectRequest } from "../protocol/handshake/extended-connect.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import { H2Asking } from "./h2-asking.ts";
import {
  ClientWindows,
  type H2AskResult,
  type H2Client,
  type H2ClientOptions,
  type H2ClientOwner,
  type OpenH2Client,
  type PendingAsk,
} from "./h2-client.ts";
import { LineBytes } from "./header-size.ts";
import { PingDeadline } from "./ping-deadline.ts";
import { MaxResponseHeadBytes } from "./response-head.ts";
import { KeepAliveMs } from "./transport-limits.ts";
import type { StandingConnection } from "./upstream-connecting.ts";

/** A head beyond these is reset by node:http2 without a word. */
const MaxHeaderListBytes = 4 * MaxResponseHeadBytes;

const SessionOptions = {
  settings: { enablePush: false, initialWindowSize: ClientWindows.streamBytes, maxHeaderListSize: MaxHeaderListBytes },
  maxHeaderListPairs: Math.ceil(MaxHeaderListBytes / LineBytes),
  // Strict, node:http2 drops a field with outer whitespace without a word; here the answer is refused for it.
  strictFieldWhitespaceValidation: false,
  // What is asked or answered twice is the business of its author, as over HTTP/1.1.
  strictSingleValueFields: false,
} as const;

/** The engine `node` of a client: node:http2. */
export const openNodeH2Client: OpenH2Client = (standing, options, owner) => new NodeH2Client(standing, options, owner);

/** One that leaves is not asked for answers: its WebSockets ask after their peer themselves. */
class NodeH2Client implements H2Client {
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
    session.setLocalWindowSize(ClientWindows.connectionBytes);
    session.on("error", () => undefined);
    session.on("remoteSettings", () => this.#onSettings());
    session.on("goaway", (_, lastStreamId) => this.#onGoAway(lastStreamId));
    session.once("close", () => this.#onClose());
    this.#ping = new PingDeadline(this.#pinged(), options, () => this.destroy());
  }

  get takesWebSockets(): boolean {
    return this.#session.remoteSettings?.enableConnectProtocol === true;
  }

  get isEmpty(): boolean {
    return this.#streams === 0;
  }

  get hasRoom(): boolean {
    if (this.#state !== "open" || this.#session.closed || this.#session.destroyed) return false;
    const { maxConcurrentStreams = Infinity } = this.#session.remoteSettings ?? {};
    return this.#streams < Math.min(maxConcurrentStreams, this.#options.maxStreams);
  }

  ask(
    request: ConnectRequest,
    judge: (fields: FieldLines) => CheckedAnswer,
    done: (result: H2AskResult) => void,
  ): PendingAsk {
    const stream = this.#session.request(connectRequestFields(request), { endStream: false });
    this.#streams++;
    clearTimeout(this.#idle);
    this.standing.connection.ref();
    stream.once("close", () => this.#onStreamClosed());
    const isLost = (): boolean => this.#session.destroyed || this.standing.socket.destroyed;
    return new H2Asking(stream, { judge, isLost, isUnseen: (id) => id > this.#lastStreamId }, done);
  }

  retire(): void {
    if (this.#state === "closed") return;
    this.#leave();
    this.#session.close();
  }

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
