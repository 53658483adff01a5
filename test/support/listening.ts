import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { ConnectionGate, type ConnectionLimits } from "../../src/transport/connection-gate.ts";
import type { H2Options } from "../../src/transport/h2-acceptor.ts";
import { Listener, type ListenerOptions } from "../../src/transport/listener.ts";
import type { ConnectionFailure } from "../../src/transport/listener-observer.ts";
import type { ConnectionFacts } from "../../src/transport/opening.ts";
import type { TlsOptions } from "../../src/transport/tls.ts";
import type { AcceptorDeadlines } from "../../src/transport/transport-limits.ts";
import { testCertificate, type TestCertificate } from "./certificates.ts";
import { RawH2Client } from "./raw-h2.ts";
import { RecordingSink } from "./recording-sink.ts";
import { TestedEngine } from "./tested-engine.ts";

export const DefaultH2: H2Options = {
  engine: TestedEngine,
  maxConcurrentStreams: 256,
  streamWindowBytes: 1_048_576,
  connectionWindowBytes: 16_777_216,
  resetBurst: 1_024,
  resetsPerSecond: 256,
  maxSessionMemoryMiB: 128,
};

/** So long that no test meets them by accident. */
export const LongDeadlines: AcceptorDeadlines = {
  handshakeMs: 60_000,
  headersMs: 60_000,
  answerMs: 60_000,
  responseMs: 60_000,
  bodyIdleMs: 60_000,
  idleConnectionMs: 60_000,
};

/** So much that no test meets it by accident. */
export const AmpleLimits: ConnectionLimits = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: undefined,
  maxHandshakes: 16,
};

/** How a client reaches a listener. */
export type Access = "TLS" | "cleartext";

/** A listener on loopback, what it told, and clients for it. */
export class ListenerUnderTest extends RecordingSink {
  readonly opened: ConnectionFacts[] = [];
  readonly closed: ConnectionFacts[] = [];
  readonly failures: ConnectionFailure[] = [];
  readonly listener: Listener;
  readonly #certificate: TestCertificate | undefined;
  #port = 0;

  constructor(certificate: TestCertificate | undefined, options: Partial<ListenerOptions>, gate: ConnectionGate) {
    super();
    this.#certificate = certificate;
    this.listener = new Listener(listenerOptions(certificate, options), gate, this, {
      connectionOpened: (facts) => this.#tell(this.opened, facts),
      connectionClosed: (facts) => this.#tell(this.closed, facts),
      connectionFailed: (_listener, reason) => this.#tell(this.failures, reason),
    });
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return this.#certificate === undefined ? `http://localhost:${this.#port}` : `https://localhost:${this.#port}`;
  }

  /** The certificate a client must trust, if any. */
  get ca(): string | undefined {
    return this.#certificate?.certificate;
  }

  async listen(): Promise<this> {
    this.#port = (await this.listener.listen({ host: "127.0.0.1", port: 0 })).port;
    return this;
  }

  /** A TCP connection that has said nothing, from another loopback address if one is told. */
  async connectTcp(localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", allowHalfOpen: true, localAddress });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  /** A connection on which HTTP can begin, made of `tcp` if that is told; with TLS its handshake is done, offering `alpn`. */
  async connect(alpn?: readonly string[], tcp?: Socket): Promise<Socket> {
    return (await this.connectLayers(alpn, tcp)).socket;
  }

  /** The same, with the TCP socket beneath. */
  async connectLayers(
    alpn: readonly string[] = ["http/1.1"],
    connected?: Socket,
  ): Promise<{ socket: Socket; tcp: Socket }> {
    const tcp = connected ?? (await this.connectTcp());
    if (this.#certificate === undefined) return { socket: tcp, tcp };
    const socket = connectTls({
      socket: tcp,
      ca: this.#certificate.certificate,
      servername: "localhost",
      ALPNProtocols: [...alpn],
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    // Node crashes when both layers are destroyed from within the end of the handshake.
    await new Promise((resolve) => setImmediate(resolve));
    return { socket, tcp };
  }

  async connectH2(settings: Parameters<RawH2Client["handshake"]>[0] = [], tcp?: Socket): Promise<RawH2Client> {
    return new RawH2Client(await this.connect(["h2"], tcp)).handshake(settings);
  }

  refuseNew(): void {
    this.listener.refuseNew();
  }

  untilNoConnections(withinMs?: number): Promise<void> {
    return this.until("no connection", () => this.listener.openConnections === 0, withinMs);
  }

  #tell<T>(list: T[], what: T): void {
    list.push(what);
    this.changed();
  }
}

/** `options`, and what a test does not care about. */
export function listenerOptions(
  certificate: TestCertificate | undefined,
  options: Partial<ListenerOptions> = {},
): ListenerOptions {
  const protocols = options.protocols ?? ["h2", "http/1.1"];
  return {
    name: "main",
    tls: certificate === undefined ? undefined : tlsOptions(certificate, protocols),
    protocols,
    proxyProtocol: undefined,
    http2: DefaultH2,
    headers: { maxHeaderBytes: 16_384, maxHeaderCount: 256 },
    deadlines: LongDeadlines,
    ...options,
  };
}

function tlsOptions(certificate: TestCertificate, protocols: TlsOptions["protocols"]): TlsOptions {
  const names = ["localhost", "127.0.0.1"];
  return { certificates: [{ ...certificate, serverNames: names, clientCertificates: undefined }], protocols };
}

let certificate: Promise<TestCertificate> | undefined;

/** The certificate of every TLS listener under test. */
export function sharedCertificate(): Promise<TestCertificate> {
  return (certificate ??= testCertificate());
}

/** A listening listener, gone when the test is over; one that `isHanded` its connections has no port. */
export async function listenFor(
  access: Access,
  options: Partial<Omit<ListenerOptions, "tls">> = {},
  gate: ConnectionGate = new ConnectionGate(AmpleLimits),
  { isHanded = false }: { readonly isHanded?: boolean } = {},
): Promise<ListenerUnderTest> {
  const made = access === "TLS" ? await sharedCertificate() : undefined;
  const listening = new ListenerUnderTest(made, options, gate);
  if (isHanded) listening.listener.listenForHanded();
  else await listening.listen();
  onTestFinished(() => listening.listener.destroy());
  return listening;
}

/** Everything `socket` gives until it ends or breaks. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(socket, "end"), once(socket, "close")]);
  return Buffer.concat(chunks).toString("latin1");
}

/** What `socket` gives until that contains `text`. */
export async function readUntil(socket: Socket, text: string): Promise<string> {
  let read = "";
  await new Promise<void>((resolve, reject) => {
    const finish = (settle: () => void) => {
      socket.off("data", onData);
      socket.off("close", onClose);
      settle();
    };
    const onData = (chunk: Buffer) => {
      read += chunk.toString("latin1");
      if (read.includes(text)) finish(resolve);
    };
    const onClose = () => finish(() => reject(new Error(`closed after ${JSON.stringify(read)}`)));
    socket.on("data", onData);
    socket.on("close", onClose);
  });
  return read;
}

/** The request of RFC 6455 §1.2, with `more` lines. */
export function upgradeRequest(path = "/chat", more: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
