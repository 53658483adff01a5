import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createSecureServer,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { createServer as createHttps } from "node:https";
import { connect, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { AttachedAcceptor, type NodeServer } from "../../src/transport/attached-acceptor.ts";
import type { AttachedOptions } from "../../src/transport/attached-context.ts";
import type { ConnectionFacts, Opening } from "../../src/transport/opening.ts";
import type { TestCertificate } from "./certificates.ts";
import { LongDeadlines, sharedCertificate } from "./listening.ts";
import { RecordingSink } from "./recording-sink.ts";

/** The servers of node's that can be attached to. */
export type NodeServerKind = "node:http" | "node:https" | "node:http2" | "node:http2 over TLS" | "allowHTTP1";

/** What the owner answers to what is no WebSocket. */
export type OwnerAnswer = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** A server of somebody else's, on loopback, and clients for it. */
export class ServerOfNode {
  readonly server: NodeServer;
  readonly #certificate: TestCertificate | undefined;

  constructor(server: NodeServer, certificate: TestCertificate | undefined) {
    this.server = server;
    this.#certificate = certificate;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get ca(): string | undefined {
    return this.#certificate?.certificate;
  }

  get origin(): string {
    return `${this.#certificate === undefined ? "http" : "https"}://localhost:${this.port}`;
  }

  async connect(alpn: readonly string[] = ["http/1.1"]): Promise<Socket> {
    const tcp = connect({ port: this.port, host: "127.0.0.1", allowHalfOpen: true });
    tcp.on("error", () => undefined);
    if (this.#certificate === undefined) {
      await once(tcp, "connect");
      return tcp;
    }
    const { certificate: ca } = this.#certificate;
    const socket = connectTls({ socket: tcp, ca, servername: "localhost", ALPNProtocols: [...alpn] });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    return socket;
  }
}

/** A server of node's with a 'request' listener if `answer` is given; `prepare` it before it listens. It ends with the test. */
export async function nodeServer(
  kind: NodeServerKind,
  answer?: OwnerAnswer,
  prepare: (server: NodeServer) => void = () => undefined,
): Promise<ServerOfNode> {
  const isTls = kind !== "node:http" && kind !== "node:http2";
  const certificate = isTls ? await sharedCertificate() : undefined;
  const server = create(kind, certificate);
  if (answer !== undefined) server.on("request", answer);
  prepare(server);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  (server as Server).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return new ServerOfNode(server, certificate);
}

function create(kind: NodeServerKind, made: TestCertificate | undefined): NodeServer {
  const identity = { cert: made?.certificate, key: made?.key };
  switch (kind) {
    case "node:http":
      return createHttp();
    case "node:https":
      return createHttps(identity);
    case "node:http2":
      return createHttp2();
    case "node:http2 over TLS":
      return createSecureServer(identity);
    case "allowHTTP1":
      return createSecureServer({ ...identity, allowHTTP1: true });
    default:
      return kind satisfies never;
  }
}

/** The openings of a server of node's, recorded. */
export class AttachedUnderTest extends RecordingSink {
  readonly acceptor: AttachedAcceptor;
  readonly opened: ConnectionFacts[] = [];
  #reached: ServerOfNode | undefined;

  constructor(server: NodeServer, options: Partial<AttachedOptions> = {}) {
    super();
    const headers = { maxHeaderBytes: 16_384, maxHeaderCount: 256 };
    let connections = 0;
    const own = { headers, deadlines: LongDeadlines, takes: () => true, nextConnectionId: () => ++connections };
    this.acceptor = new AttachedAcceptor(server, { ...own, ...options }, this);
  }

  /** One that is attached to a server of `kind`. */
  static async to(kind: NodeServerKind, options?: Partial<AttachedOptions>, answer?: OwnerAnswer) {
    const made: AttachedUnderTest[] = [];
    const reached = await nodeServer(kind, answer, (server) => made.push(new AttachedUnderTest(server, options)));
    const attached = made[0]!;
    attached.#reached = reached;
    return attached;
  }

  override opening(opening: Opening): void {
    if (!this.opened.includes(opening.connection)) this.opened.push(opening.connection);
    super.opening(opening);
  }

  refuseNew(): void {
    this.acceptor.refuseNew();
  }

  get reached(): ServerOfNode {
    if (this.#reached === undefined) throw new Error("not listening yet");
    return this.#reached;
  }

  get port(): number {
    return this.reached.port;
  }

  get origin(): string {
    return this.reached.origin;
  }

  get ca(): string | undefined {
    return this.reached.ca;
  }

  connect(alpn?: readonly string[]): Promise<Socket> {
    return this.reached.connect(alpn);
  }
}
