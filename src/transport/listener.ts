import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { guardedSink } from "./guarded-sink.ts";
import { H1Acceptor } from "./h1-acceptor.ts";
import type { H2Connection, H2Engine, H2Options } from "./h2-acceptor.ts";
import { detectHttpVersion } from "./http-version.ts";
import { NodeH2Engine } from "./node-h2.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import {
  createTlsServer,
  handshakeFailure,
  TcpOptions,
  TlsConnections,
  type AlpnProtocol,
  type TlsIdentity,
} from "./tls.ts";
import type { AcceptorDeadlines } from "./transport-limits.ts";

/** What a {@link Listener} is set to. */
export interface ListenerOptions {
  readonly name: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `undefined`: cleartext, where HTTP/2 is told from HTTP/1.1 by its preface. */
  readonly tls: TlsIdentity | undefined;
  /** What is spoken here, preferred first. TLS clients without ALPN speak HTTP/1.1. */
  readonly protocols: readonly AlpnProtocol[];
  readonly http2: H2Options;
  readonly deadlines: AcceptorDeadlines;
  /** Numbers the connections. Listeners of one process share one; without it this listener counts alone. */
  readonly nextConnectionId?: () => number;
}

/** Why a connection never came as far as speaking HTTP. */
export type ConnectionFailure =
  | "tls" // no common version or cipher, or no TLS at all
  | "alpn" // the client speaks no protocol of this listener
  | "deadline" // handshake or first bytes took longer than `handshakeMs`
  | "client-left" // gone before that
  | "accept"; // the system could not accept it: no more file descriptors

/** Must not throw. What a {@link Listener} tells of its connections. A connection is opened and closed, or it failed. */
export interface ListenerObserver {
  connectionOpened(connection: ConnectionFacts): void;
  connectionClosed(connection: ConnectionFacts): void;
  connectionFailed(listener: string, reason: ConnectionFailure): void;
}

/** A TCP connection before it is known what it speaks. */
interface Accepted {
  readonly socket: Socket;
  readonly acceptedAtMs: number;
}

/**
 * One listening port: accepts TCP, does the TLS handshake or reads the first bytes, and hands the connection to HTTP/1.1 or
 * HTTP/2, whose openings and exchanges go to the sink.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #sink: AcceptorSink;
  readonly #observer: ListenerObserver;
  readonly #server: Server;
  readonly #h1: H1Acceptor;
  readonly #h2: H2Engine;
  readonly #h2Connections = new Set<H2Connection>();
  /** The TCP sockets of all connections, whatever is spoken on them and however far they are. */
  readonly #sockets = new Set<Socket>();
  readonly #nextConnectionId: () => number;
  readonly #closed = Promise.withResolvers<void>();
  #state: "new" | "listening" | "stopped" = "new";
  #isRefusing = false;

  constructor(options: ListenerOptions, sink: AcceptorSink, observer: ListenerObserver) {
    this.#options = options;
    this.#sink = guardedSink(sink);
    this.#observer = observer;
    this.#nextConnectionId = options.nextConnectionId ?? countFromOne();
    this.#h1 = new H1Acceptor(options.deadlines, this.#sink);
    this.#h2 = new NodeH2Engine(options.http2, options.deadlines);
    this.#server = options.tls === undefined ? this.#createCleartextServer() : this.#createTlsServer(options.tls);
    this.#server.once("close", () => this.#closed.resolve());
  }

  /** TCP connections that are not closed yet, those in their handshake and those of accepted WebSockets among them. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /**
   * Binds and begins to accept.
   *
   * @throws Error of node:net with its `code`, such as EADDRINUSE.
   */
  listen(): Promise<AddressInfo> {
    const server = this.#server;
    const { host, port } = this.#options;
    this.#state = "listening";
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => {
        server.off("error", reject);
        // From now on it means that accept failed; the connection is lost and the listener lives on.
        server.on("error", () => this.#observer.connectionFailed(this.#options.name, "accept"));
        const address = server.address();
        if (address === null || typeof address === "string") reject(new Error("not a TCP port"));
        else resolve(address);
      });
    });
  }

  /** Closes the port. Connections live on. */
  stopAccepting(): void {
    if (this.#state !== "listening") return;
    this.#state = "stopped";
    this.#server.close();
  }

  /** From now on new requests and streams are answered 503, and HTTP/1.1 answers are the last of their connections. */
  refuseNew(): void {
    this.#isRefusing = true;
    this.#h1.refuseNew();
    for (const connection of this.#h2Connections) connection.refuseNew();
  }

  /** Tells the clients to leave: GOAWAY on HTTP/2; HTTP/1.1 connections close when nothing is asked on them. */
  goAway(): void {
    this.#isRefusing = true;
    this.#h1.goAway();
    for (const connection of this.#h2Connections) connection.goAway();
  }

  /** Resolves when the port is closed and no connection is left, or with `signal`. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.#state === "new" || signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => aborted.resolve(), { once: true });
    await Promise.race([this.#closed.promise, aborted.promise]);
  }

  /** Closes the port and every connection at once; resolves when all are closed. */
  async destroy(): Promise<void> {
    const wasListening = this.#state !== "new";
    this.stopAccepting();
    const closes = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const connection of this.#h2Connections) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
    if (wasListening) await this.#closed.promise;
    await Promise.all(closes);
  }

  #createCleartextServer(): Server {
    const server = createServer(TcpOptions);
    server.on("connection", (socket) => {
      const accepted = this.#accept(socket);
      detectHttpVersion(socket, this.#options.deadlines.handshakeMs, (version) => {
        if (version === "1.1" || version === "2") this.#serve(socket, version, accepted);
        else this.#fail(socket, version);
      });
    });
    return server;
  }

  #createTlsServer(identity: TlsIdentity): Server {
    const { protocols, deadlines } = this.#options;
    const server = createTlsServer({ identity, protocols, handshakeMs: deadlines.handshakeMs });
    const connections = new TlsConnections<Accepted>();
    server.on("connection", (socket: Socket) => connections.add(socket, this.#accept(socket)));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => this.#fail(socket, handshakeFailure(error)));
    server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      socket.allowHalfOpen = true;
      const accepted = connections.find(socket);
      if (accepted === undefined) this.#fail(socket, "client-left");
      else this.#serve(socket, socket.alpnProtocol === "h2" ? "2" : "1.1", accepted);
    });
    return server;
  }

  #accept(socket: Socket): Accepted {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    return { socket, acceptedAtMs: performance.now() };
  }

  /** `socket` is TLS or the TCP socket itself, which is `accepted`. */
  #serve(socket: Socket | TLSSocket, httpVersion: "1.1" | "2", accepted: Accepted): void {
    const { protocols, deadlines } = this.#options;
    if (socket.destroyed) return this.#fail(socket, "client-left");
    if (!protocols.includes(httpVersion === "2" ? "h2" : "http/1.1")) return this.#fail(socket, "alpn");
    const facts = this.#factsOf(socket, httpVersion);
    this.#observer.connectionOpened(facts);
    socket.once("close", () => this.#observer.connectionClosed(facts));
    if (httpVersion === "1.1") {
      this.#h1.serve(socket, accepted.socket, facts);
      return;
    }
    const settingsMs = Math.max(0, deadlines.handshakeMs - (performance.now() - accepted.acceptedAtMs));
    const forget = (): void => void this.#h2Connections.delete(connection);
    const connection = this.#h2.serve(socket, facts, this.#sink, forget, settingsMs);
    this.#h2Connections.add(connection);
    if (this.#isRefusing) connection.refuseNew();
  }

  #fail(socket: Socket, reason: ConnectionFailure): void {
    this.#observer.connectionFailed(this.#options.name, reason);
    socket.destroy();
  }

  #factsOf(socket: Socket | TLSSocket, httpVersion: "1.1" | "2"): ConnectionFacts {
    return {
      id: this.#nextConnectionId(),
      listener: this.#options.name,
      httpVersion,
      secure: "encrypted" in socket,
      remoteAddress: socket.remoteAddress ?? "",
      remotePort: socket.remotePort ?? 0,
      localPort: socket.localPort ?? 0,
      serverName: "servername" in socket && typeof socket.servername === "string" ? socket.servername : undefined,
    };
  }
}

function countFromOne(): () => number {
  let last = 0;
  return () => ++last;
}
