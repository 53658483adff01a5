import { createServer, type AddressInfo, type BlockList, type ListenOptions, type Server, type Socket } from "node:net";
import type { ConnectionGate, ConnectionPass } from "./connection-gate.ts";
import { guardedSink } from "./guarded-sink.ts";
import { H1Acceptor } from "./h1-acceptor.ts";
import type { H2Connection, H2Engine, H2Options } from "./h2-acceptor.ts";
import type { H2Observer } from "./h2-observer.ts";
import { IncomingConnection, type ReadyConnection } from "./incoming-connection.ts";
import type { ConnectionFailure, ListenerObserver } from "./listener-observer.ts";
import { HawserH2Engine } from "./hawser-h2.ts";
import { NodeH2Engine } from "./node-h2.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import { resetSocket } from "./reset-socket.ts";
import type { AlpnProtocol } from "./tls-server.ts";
import { TlsTerminator, type TlsOptions } from "./tls.ts";
import { AcceptBacklog, KeepAliveMs, type AcceptorDeadlines, type HeaderLimits } from "./transport-limits.ts";
import { explainedPathError } from "./unix-path.ts";

/** What a {@link Listener} is set to. */
export interface ListenerOptions {
  readonly name: string;
  /** `undefined`: cleartext, where HTTP/2 is told from HTTP/1.1 by its preface. */
  readonly tls: TlsOptions | undefined;
  /** What is spoken here, preferred first. TLS clients without ALPN speak HTTP/1.1. */
  readonly protocols: readonly AlpnProtocol[];
  /** Whose connections begin with a PROXY header: on a unix socket everybody's. `undefined`: nobody's. */
  readonly proxyProtocol: BlockList | undefined;
  readonly http2: H2Options;
  readonly headers: HeaderLimits;
  readonly deadlines: AcceptorDeadlines;
  /** Numbers the connections. Listeners of one process share one; without it this listener counts alone. */
  readonly nextConnectionId?: () => number;
}

/** Each half ends by itself, small writes leave at once, and a peer that vanished is found. */
const TcpOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KeepAliveMs } as const;

/** Where to listen for TCP. */
export interface TcpPlace {
  /** `undefined`: every address of this machine. */
  readonly host?: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** What new connections get: made of one set of options, replaced as a whole. */
interface Setup {
  readonly options: ListenerOptions;
  readonly tls: TlsTerminator | undefined;
  readonly h1: H1Acceptor;
  readonly h2: H2Engine;
}

/**
 * One listening port or unix socket: accepts connections as far as the gate lets it, reads the PROXY header, does the TLS handshake or reads the
 * first bytes, and hands the connection to HTTP/1.1 or HTTP/2, whose openings and exchanges go to the sink.
 */
export class Listener {
  readonly #gate: ConnectionGate;
  readonly #sink: AcceptorSink;
  readonly #observer: ListenerObserver;
  readonly #server: Server;
  /** Every acceptor that still has connections, with their number, and the one for new connections. */
  readonly #h1Connections = new Map<H1Acceptor, number>();
  readonly #h2Connections = new Set<H2Connection>();
  /** The TCP sockets of all connections, whatever is spoken on them and however far they are. */
  readonly #sockets = new Set<Socket>();
  readonly #cameIn = new WeakSet<ConnectionFacts>();
  readonly #countConnection = countFromOne();
  readonly #closed = Promise.withResolvers<void>();
  #setup: Setup;
  #state: "new" | "listening" | "stopped" = "new";
  /** Whether it listens on a unix socket, whose clients have no address. */
  #isLocal = false;
  /** Whether another process listens, and hands the connections over. */
  #isHanded = false;
  #isRefusing = false;

  /**
   * @param gate - shared by the listeners of a gateway.
   * @throws Error of node:tls for a certificate, key or CA that cannot be used.
   */
  constructor(options: ListenerOptions, gate: ConnectionGate, sink: AcceptorSink, observer: ListenerObserver) {
    this.#gate = gate;
    this.#sink = guardedSink(sink);
    this.#observer = observer;
    this.#setup = this.#setUp(options, undefined);
    this.#server = createServer(TcpOptions);
    this.#server.on("connection", (tcp) => this.#accept(tcp));
    this.#server.once("close", () => this.#closed.resolve());
  }

  /** TCP connections that are not closed yet, those in their handshake and those of accepted WebSockets among them. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Whether `connection` came in here, under whatever name this listener had then. */
  has(connection: ConnectionFacts): boolean {
    return this.#cameIn.has(connection);
  }

  /**
   * Binds and begins to accept; resolves to where it listens.
   *
   * @throws Error of node:net with its `code`, such as EADDRINUSE.
   */
  async listen({ host, port }: TcpPlace): Promise<AddressInfo> {
    await this.#bind({ host, port, backlog: AcceptBacklog });
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not a TCP port");
    return address;
  }

  /**
   * The same on a unix socket, whose file is gone when it stops accepting.
   *
   * @throws Error with the `code` of node:net; for EADDRINUSE it says whether somebody listens there, and the cure.
   * @throws TypeError where there is TLS, which is told from TCP connections by their addresses.
   */
  async listenOnPath(path: string): Promise<void> {
    if (this.#setup.tls !== undefined) throw new TypeError("tls: there is none on a unix socket");
    this.#isLocal = true;
    try {
      await this.#bind({ path, backlog: AcceptBacklog });
    } catch (error) {
      throw await explainedPathError(path, error);
    }
  }

  /** Listens nowhere: until it stops accepting it serves the connections that {@link take} brings. */
  listenForHanded(): void {
    this.#state = "listening";
    this.#isHanded = true;
  }

  /** Serves `tcp`, which another process has accepted and nobody has read from; a listener that has stopped resets it. */
  take(tcp: Socket): void {
    if (this.#state !== "listening") {
      tcp.on("error", () => undefined);
      return resetSocket(tcp);
    }
    tcp.allowHalfOpen = true;
    tcp.setNoDelay(true);
    tcp.setKeepAlive(true, KeepAliveMs);
    this.#accept(tcp);
  }

  #bind(place: ListenOptions): Promise<void> {
    const server = this.#server;
    this.#state = "listening";
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("close", () => reject(new Error("stopped before it was bound")));
      server.listen(place, () => {
        server.off("error", reject);
        // From now on it means that accept failed; the connection is lost and the listener lives on.
        server.on("error", () => this.#tellFailed("accept"));
        resolve();
      });
    });
  }

  /**
   * From now on new connections get all of `options`. Those that are there keep what they have.
   *
   * @throws Error as the constructor does; nothing has changed then.
   */
  update(options: ListenerOptions): void {
    const before = this.#setup;
    this.#setup = this.#setUp(options, before.tls);
    if ((this.#h1Connections.get(before.h1) ?? 0) === 0) this.#h1Connections.delete(before.h1);
  }

  /** Closes the port. Connections live on. */
  stopAccepting(): void {
    if (this.#state !== "listening") return;
    this.#state = "stopped";
    if (this.#isHanded) this.#closeIfEmpty();
    else this.#server.close();
  }

  /** What a `Server` of node's does for the connections that it has accepted itself. */
  #closeIfEmpty(): void {
    if (this.#isHanded && this.#state === "stopped" && this.#sockets.size === 0) this.#closed.resolve();
  }

  /** From now on new requests and streams are answered 503, and HTTP/1.1 answers are the last of their connections. */
  refuseNew(): void {
    this.#isRefusing = true;
    for (const acceptor of this.#h1Connections.keys()) acceptor.refuseNew();
    for (const connection of this.#h2Connections) connection.refuseNew();
  }

  /** Tells the clients to leave: GOAWAY on HTTP/2; HTTP/1.1 connections close when nothing is asked on them. */
  goAway(): void {
    this.#isRefusing = true;
    for (const acceptor of this.#h1Connections.keys()) acceptor.goAway();
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

  /** @param tls - what there was; its sessions and tickets live on. */
  #setUp(options: ListenerOptions, tls: TlsTerminator | undefined): Setup {
    if (options.tls !== undefined) tls?.replace(options.tls);
    const terminator = options.tls === undefined ? undefined : (tls ?? new TlsTerminator(options.tls));
    const h1 = new H1Acceptor(options.deadlines, options.headers, this.#sink);
    if (this.#isRefusing) h1.refuseNew();
    this.#h1Connections.set(h1, 0);
    const h2 = engineOf(options, this.#gate, this.#observer.http2?.(options.name));
    return { options, tls: terminator, h1, h2 };
  }

  #accept(tcp: Socket): void {
    tcp.on("error", () => undefined);
    const pass = this.#gate.enter(tryDescriptorOf(tcp));
    if (typeof pass === "string") {
      resetSocket(tcp);
      return this.#tellFailed(pass);
    }
    this.#sockets.add(tcp);
    tcp.once("close", () => {
      this.#sockets.delete(tcp);
      pass.leave();
      this.#closeIfEmpty();
    });
    this.#identify(tcp, pass);
  }

  #identify(tcp: Socket, pass: ConnectionPass): void {
    const setup = this.#setup;
    const { proxyProtocol: proxies, deadlines } = setup.options;
    const { handshakes } = this.#gate;
    const { handshakeMs } = deadlines;
    const options = { tls: setup.tls, proxies, handshakes, handshakeMs, isLocal: this.#isLocal };
    const incoming = new IncomingConnection(tcp, pass, options, (result) => {
      if (result.type === "ready") this.#serve(result.connection, tcp, setup);
      else this.#tellFailed(result.reason);
    });
    incoming.start();
  }

  #serve(ready: ReadyConnection, tcp: Socket, setup: Setup): void {
    const { socket, httpVersion, leftMs, tlsMs } = ready;
    const protocol = httpVersion === "2" ? "h2" : "http/1.1";
    // The handshake may have been one of new options already.
    const isSpoken = [setup, this.#setup].some(({ options }) => options.protocols.includes(protocol));
    if (socket.destroyed || !isSpoken) {
      socket.destroy();
      return this.#tellFailed(isSpoken ? "client-left" : "alpn");
    }
    const facts = this.#factsOf(ready, tcp, setup.options);
    this.#cameIn.add(facts);
    this.#observer.connectionOpened(facts, tlsMs);
    socket.once("close", () => this.#observer.connectionClosed(facts));
    if (httpVersion === "1.1") this.#serveH1(socket, tcp, facts, setup.h1);
    else this.#serveH2(socket, facts, setup.h2, leftMs);
  }

  #serveH1(socket: Socket, tcp: Socket, facts: ConnectionFacts, acceptor: H1Acceptor): void {
    const connections = this.#h1Connections;
    connections.set(acceptor, (connections.get(acceptor) ?? 0) + 1);
    socket.once("close", () => {
      const others = (connections.get(acceptor) ?? 1) - 1;
      if (others === 0 && acceptor !== this.#setup.h1) connections.delete(acceptor);
      else connections.set(acceptor, others);
    });
    if (this.#isRefusing) acceptor.refuseNew();
    acceptor.serve(socket, tcp, facts);
  }

  #serveH2(socket: Socket, facts: ConnectionFacts, engine: H2Engine, settingsMs: number): void {
    const forget = (): void => void this.#h2Connections.delete(connection);
    const connection = engine.serve(socket, facts, this.#sink, forget, settingsMs);
    this.#h2Connections.add(connection);
    if (this.#isRefusing) connection.refuseNew();
  }

  #tellFailed(reason: ConnectionFailure): void {
    this.#observer.connectionFailed(this.#setup.options.name, reason);
  }

  #factsOf({ client, httpVersion, tls }: ReadyConnection, tcp: Socket, options: ListenerOptions): ConnectionFacts {
    return {
      id: (options.nextConnectionId ?? this.#countConnection)(),
      listener: options.name,
      httpVersion,
      secure: tls !== undefined,
      remoteAddress: client.address,
      remotePort: client.port,
      localPort: tcp.localPort ?? 0,
      tls,
    };
  }
}

function engineOf(
  { http2, deadlines, headers }: ListenerOptions,
  { unread }: ConnectionGate,
  observer: H2Observer | undefined,
): H2Engine {
  if (http2.engine === "node") return new NodeH2Engine(http2, deadlines, headers, observer);
  return new HawserH2Engine(http2, deadlines, headers, unread, observer);
}

/**
 * The number of the socket's file descriptor, by a name that is node's own affair; `undefined` where it has another one some
 * day: then connections beyond the last descriptor end without being counted.
 */
function tryDescriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null || !("fd" in handle)) return undefined;
  return typeof handle.fd === "number" ? handle.fd : undefined;
}

function countFromOne(): () => number {
  let last = 0;
  return () => ++last;
}
