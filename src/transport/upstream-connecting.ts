import type { Socket } from "node:net";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { AnswerReader } from "./answer-reader.ts";
import { encodeProxyConnect, type HttpProxy } from "./http-proxy.ts";
import { SocketEvents, type SocketListener } from "./socket-events.ts";
import type { StandingCounts } from "./standing-counts.ts";
import { connectTo, type Secure, type UpstreamAddress } from "./upstream-address.ts";

/** Whom to dial, and from where. */
export interface DialTarget {
  readonly address: UpstreamAddress;
  /** What `trySecure` gave for the address. */
  readonly secure: Secure | undefined;
  /** IP address of this machine to connect from; `undefined`: the system chooses. */
  readonly sourceAddress: string | undefined;
  /** Who is asked for the connection; absent: there is nobody between. */
  readonly proxy?: HttpProxy | undefined;
  /** What is read from connections without TLS or a proxy lies in it; absent: in memory of its own. */
  readonly readBuffer?: Uint8Array | undefined;
  /** Whether HTTP/2 is spoken although no TLS agrees on it (RFC 9113 §3.3). */
  readonly isHttp2?: boolean;
  /** Counts the connections that stand. */
  readonly counts?: StandingCounts | undefined;
}

/** A connection that stands, with all its TLS. Both sockets are watched: errors end no process. */
export interface StandingConnection {
  readonly type: "connected";
  /** What HTTP is spoken on. */
  readonly socket: Socket;
  /** The TCP or unix socket beneath it, which may be the same. */
  readonly connection: Socket;
  /** What watches `socket`, for whoever goes on with it. */
  readonly events: SocketEvents;
}

/** What became of an attempt to connect. Without a connection no socket is left. */
export type ConnectResult =
  | StandingConnection
  /** There is none, by the error of the system, or of TLS: with the server or with the proxy. */
  | { readonly type: "failed"; readonly at: "connection" | "tls"; readonly error: NodeJS.ErrnoException }
  | { readonly type: "proxy-refused"; readonly rejection: OpeningRejection }
  /** The proxy's answer breaks a rule. */
  | { readonly type: "proxy-invalid"; readonly detail: string }
  | { readonly type: "timeout" }
  | { readonly type: "aborted" };

/**
 * One attempt to connect to a target, through its proxy where it has one:
 *
 *     connection ──▶ (TLS with the proxy) ──▶ (CONNECT) ──▶ (TLS with the server) ──▶ settled
 *         └──────────────────┴────────────────────┴──────────────────┴──────────────────▲
 *
 * It has no deadline of its own: who began it tells it to {@link expire}.
 */
export class Connecting implements SocketListener {
  readonly #target: DialTarget;
  readonly #done: (result: ConnectResult) => void;
  /** The TCP or unix socket. */
  readonly connection: Socket;
  /** What watches it. */
  readonly #beneath: SocketEvents;
  /** What the proxy is asked with. */
  readonly #connectHead: string | undefined;
  /** The topmost layer so far. */
  #socket: Socket;
  #events: SocketEvents;
  #at: "connection" | "tls" = "connection";
  #isSettled = false;

  /**
   * @param done - called exactly once, never from within a call.
   * @throws RangeError for a port that is none, TypeError for a proxy that cannot be asked for the target.
   */
  constructor(target: DialTarget, done: (result: ConnectResult) => void) {
    this.#target = target;
    this.#done = done;
    const { proxy, address, sourceAddress, secure, readBuffer } = target;
    this.#connectHead = proxy && encodeProxyConnect(address.transport, proxy);
    const isBare = proxy === undefined && secure === undefined;
    this.#beneath = new SocketEvents(isBare ? readBuffer : undefined);
    this.#beneath.listener = this;
    this.#events = this.#beneath;
    this.connection = connectTo((proxy ?? target).address, sourceAddress, this.#beneath);
    this.#socket = this.connection;
  }

  /** The topmost layer there is. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Time is up. */
  expire(): void {
    this.#settle({ type: "timeout" });
  }

  /** Nobody wants it any more. */
  abort(): void {
    this.#settle({ type: "aborted" });
  }

  onConnect(): void {
    const head = this.#connectHead;
    if (head === undefined) this.#secureServer();
    else this.#secure(this.#target.proxy?.secure, () => this.#ask(head));
  }

  onRead(): void {
    // Nothing is read before the connection stands, and then another one listens.
  }

  onSocketEnd(): void {
    // The close tells it too.
  }

  onSocketError(error: NodeJS.ErrnoException): void {
    this.#settle({ type: "failed", at: this.#at, error });
  }

  /** A peer that ends within a handshake need not be an error to the socket. */
  onSocketClose(): void {
    this.#settle({ ...ended(), at: this.#at });
  }

  #secure(secure: Secure | undefined, next: () => void): void {
    if (secure === undefined) return next();
    this.#at = "tls";
    const socket = secure(this.#socket);
    this.#socket = socket;
    this.#events = new SocketEvents();
    this.#events.listener = this;
    this.#events.watch(socket);
    socket.once("secureConnect", next);
  }

  #secureServer(): void {
    this.#secure(this.#target.secure, () => this.#stand());
  }

  #ask(head: string): void {
    this.#at = "connection";
    const socket = this.#socket;
    const answer = new AnswerReader();
    const onEnd = (): void => {
      const { refusal } = answer;
      this.#settle(refusal ? { type: "proxy-refused", rejection: refusal } : ended());
    };
    const onData = (chunk: Buffer): void => {
      const progress = answer.read(chunk);
      if (progress.type === "refused") return this.#settle({ type: "proxy-refused", rejection: progress.rejection });
      if (progress.type === "broken") return this.#settle({ type: "proxy-invalid", detail: progress.detail });
      if (progress.type !== "success") return;
      if (progress.head.status === 101) return this.#settle({ type: "proxy-invalid", detail: "101 to a CONNECT" });
      socket.off("data", onData).off("end", onEnd).pause();
      // A server that speaks first may have been heard already.
      if (progress.behind.length > 0) socket.unshift(progress.behind);
      this.#secureServer();
    };
    socket.on("data", onData).on("end", onEnd);
    socket.write(head, "latin1");
  }

  #stand(): void {
    // A connection that lives for days must not hold its opening.
    this.#beneath.leave();
    this.#events.leave();
    const { connection } = this;
    const socket = this.#socket;
    const { counts, isHttp2 = "alpnProtocol" in socket && socket.alpnProtocol === "h2" } = this.#target;
    counts?.add(connection, isHttp2 ? "h2" : "h1");
    this.#settle({ type: "connected", socket, connection, events: this.#events });
  }

  #settle(result: ConnectResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    // The layers beneath follow by themselves; to destroy two at once crashes Node 24 while a handshake's callback runs.
    if (result.type !== "connected") this.#socket.destroy();
    this.#done(result);
  }
}

/**
 * Connects to `target`, with TLS where it has it, within `timeoutMs`. `done` is called exactly once: with the socket, which is
 * the caller's and has a listener for errors, and the TCP or unix socket beneath it, which may be the same; or with the
 * error, whose `code` is the system's or TLS's own, and `ETIMEDOUT` where time ran out.
 */
export function connectUpstream(
  target: DialTarget,
  timeoutMs: number,
  done: (error: Error | undefined, socket: Socket, connection: Socket) => void,
): void {
  const connecting = new Connecting({ ...target, readBuffer: undefined }, (result) => {
    clearTimeout(deadline);
    const { socket, connection } = connecting;
    if (result.type === "connected") done(undefined, socket, connection);
    else done(result.type === "failed" ? result.error : connectTimeout(), socket, connection);
  });
  const deadline = setTimeout(() => connecting.expire(), timeoutMs);
}

function ended(): Extract<ConnectResult, { type: "failed" }> {
  const error = Object.assign(new Error("the connection was closed before it stood"), { code: "ECONNRESET" });
  return { type: "failed", at: "connection", error };
}

function connectTimeout(): Error {
  return Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" });
}
