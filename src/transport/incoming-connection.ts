import { isIPv6, type BlockList, type Socket } from "node:net";
import { tryReadClientHello } from "./client-hello.ts";
import type { ConnectionPass } from "./connection-gate.ts";
import { FirstBytes } from "./first-bytes.ts";
import type { HandshakeGate, HandshakeTurn } from "./handshake-gate.ts";
import type { ConnectionFailure } from "./listener-observer.ts";
import type { TlsFacts } from "./opening.ts";
import { tryDetectHttpVersion } from "./preface.ts";
import { readProxyHeader, type ProxiedClient } from "./proxy-protocol.ts";
import { resetSocket } from "./reset-socket.ts";
import type { TlsTerminator } from "./tls.ts";

/** What a connection has from its listener. */
export interface IncomingOptions {
  /** `undefined`: cleartext. */
  readonly tls: TlsTerminator | undefined;
  /** Whose connections begin with a PROXY header: all local ones do. `undefined`: nobody's. */
  readonly proxies: BlockList | undefined;
  /** Whether it came in on a unix socket: then its client has no address, and counts for none. */
  readonly isLocal: boolean;
  readonly handshakes: HandshakeGate;
  /** TCP accept → everything done. */
  readonly handshakeMs: number;
}

/** A connection on which HTTP can begin. */
export interface ReadyConnection {
  /** TLS, or `tcp` itself. */
  readonly socket: Socket;
  readonly httpVersion: "1.1" | "2";
  readonly client: ProxiedClient;
  readonly tls: TlsFacts | undefined;
  /** What is left of `handshakeMs`. */
  readonly leftMs: number;
  /** From the ClientHello to the end of the handshake; `undefined` on cleartext. */
  readonly tlsMs: number | undefined;
}

/** What became of an {@link IncomingConnection}. */
export type IncomingResult =
  | { readonly type: "ready"; readonly connection: ReadyConnection }
  /** `tcp` is destroyed, or about to be. */
  | { readonly type: "failed"; readonly reason: ConnectionFailure };

/**
 * A connection that was let in, until it is known what it speaks. One deadline runs over all of it.
 *
 *     proxy header ──▶ first bytes ──cleartext: preface──────────────────────────────────▶ ready
 *     (if a proxy's)        └──TLS: ClientHello──▶ waiting ──its turn──▶ handshake ──▶ ready
 *
 * Only a client whose ClientHello is there waits for a turn: a silent or slow one would take it from others.
 */
export class IncomingConnection {
  readonly #tcp: Socket;
  readonly #pass: ConnectionPass;
  readonly #options: IncomingOptions;
  readonly #onResult: (result: IncomingResult) => void;
  readonly #deadlineAtMs: number;
  readonly #deadline: NodeJS.Timeout;
  readonly #bytes: FirstBytes;
  #stage: "proxy-header" | "first-bytes" | "waiting" = "first-bytes";
  #client: ProxiedClient;
  #turn: HandshakeTurn | undefined;
  #helloAtMs: number | undefined;

  /**
   * @param tcp - has an error handler.
   * @param onResult - told once behind `start`, maybe before that returns.
   */
  constructor(tcp: Socket, pass: ConnectionPass, options: IncomingOptions, onResult: (result: IncomingResult) => void) {
    this.#tcp = tcp;
    this.#pass = pass;
    this.#options = options;
    this.#onResult = onResult;
    this.#deadlineAtMs = performance.now() + options.handshakeMs;
    this.#deadline = setTimeout(() => this.#onDeadline(), options.handshakeMs);
    this.#bytes = new FirstBytes(tcp, {
      onBytes: (held) => this.#onBytes(held),
      onGone: () => this.#fail("client-left"),
    });
    this.#client = { address: tcp.remoteAddress ?? "", port: tcp.remotePort ?? 0 };
  }

  start(): void {
    // The system knows the address of who is still there.
    if (this.#client.address === "" && !this.#options.isLocal) this.#fail("client-left");
    else if (this.#isProxied) this.#stage = "proxy-header";
    else this.#claim();
  }

  get #isProxied(): boolean {
    const { proxies, isLocal } = this.#options;
    const { address } = this.#client;
    if (isLocal) return proxies !== undefined;
    return proxies?.check(address, isIPv6(address) ? "ipv6" : "ipv4") === true;
  }

  #onBytes(held: Buffer): void {
    if (this.#stage === "proxy-header") this.#readProxyHeader(held);
    else if (this.#stage === "first-bytes") this.#readFirst(held);
  }

  #readProxyHeader(held: Buffer): void {
    const reading = readProxyHeader(held);
    if (reading.type === "incomplete") return;
    if (reading.type === "broken") return this.#fail("proxy-protocol");
    if (reading.client !== undefined) this.#client = reading.client;
    this.#stage = "first-bytes";
    const rest = this.#bytes.consume(reading.length);
    if (this.#claim() && rest.length > 0) this.#readFirst(rest);
  }

  #claim(): boolean {
    const { address } = this.#client;
    if (address === "" || this.#pass.claim(address)) return true;
    this.#fail("address-limit");
    return false;
  }

  #readFirst(held: Buffer): void {
    const { tls, handshakes } = this.#options;
    if (tls !== undefined) {
      if (tryReadClientHello(held) === undefined) return;
      this.#stage = "waiting";
      this.#helloAtMs = performance.now();
      this.#turn = handshakes.enter(() => this.#secure(tls));
      return;
    }
    const httpVersion = tryDetectHttpVersion(held);
    if (httpVersion === undefined) return;
    clearTimeout(this.#deadline);
    this.#bytes.giveBack();
    this.#ready(this.#tcp, httpVersion, undefined);
  }

  #secure(tls: TlsTerminator): void {
    clearTimeout(this.#deadline);
    this.#bytes.giveBack();
    tls.secure(this.#tcp, this.#leftMs, (result) => {
      this.#turn?.end();
      if (result.type === "failed") return this.#onResult(result);
      this.#ready(result.socket, result.socket.alpnProtocol === "h2" ? "2" : "1.1", result.facts);
    });
  }

  #ready(socket: Socket, httpVersion: "1.1" | "2", tls: TlsFacts | undefined): void {
    const tlsMs = this.#helloAtMs === undefined ? undefined : performance.now() - this.#helloAtMs;
    const connection = { socket, httpVersion, client: this.#client, tls, leftMs: this.#leftMs, tlsMs };
    this.#onResult({ type: "ready", connection });
  }

  get #leftMs(): number {
    return Math.max(0, this.#deadlineAtMs - performance.now());
  }

  #onDeadline(): void {
    this.#fail(this.#stage === "proxy-header" ? "proxy-protocol" : "deadline");
  }

  #fail(reason: ConnectionFailure): void {
    clearTimeout(this.#deadline);
    this.#bytes.stop();
    this.#turn?.end();
    // Over a limit nothing may be left behind, not even a connection that lingers in the system.
    if (reason === "address-limit") resetSocket(this.#tcp);
    else this.#tcp.destroy();
    this.#onResult({ type: "failed", reason });
  }
}
