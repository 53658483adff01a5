import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { HandshakeResult } from "../../src/transport/tls-attempt.ts";
import type { ServerCertificate } from "../../src/transport/tls-server.ts";
import { TlsTerminator, type TlsOptions } from "../../src/transport/tls.ts";
import { testCertificate } from "./certificates.ts";

/** What came of one connection. */
export interface Handshaken {
  readonly client: TLSSocket;
  readonly result: HandshakeResult;
  /** The code of the error the client met; `undefined` while it has met none. */
  readonly error: () => string | undefined;
  /** A session of this connection, once the server has sent one. */
  readonly session: Promise<Buffer>;
}

/** A port whose connections go into a {@link TlsTerminator}. */
export class TlsDoor {
  readonly terminator: TlsTerminator;
  readonly #server = createServer({ allowHalfOpen: true });
  readonly #results: HandshakeResult[] = [];
  readonly #waiting: ((result: HandshakeResult) => void)[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: TlsOptions, handshakeMs: number) {
    this.terminator = new TlsTerminator(options);
    this.#server.on("connection", (tcp) => {
      this.#sockets.add(tcp);
      tcp.once("close", () => this.#sockets.delete(tcp));
      this.terminator.secure(tcp, handshakeMs, (result) => {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#results.push(result);
        else waiting(result);
      });
    });
  }

  get port(): number {
    return portOf(this.#server);
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next handshake's result, in the order they come. */
  next(): Promise<HandshakeResult> {
    const result = this.#results.shift();
    return result === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(result);
  }

  /** A client that believes any certificate, with the result of its handshake. */
  async shake(options: ConnectionOptions = {}): Promise<Handshaken> {
    const client = connectTls({ port: this.port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    onTestFinished(() => void client.destroy());
    let code: string | undefined;
    client.on("error", (error: NodeJS.ErrnoException) => (code = error.code));
    client.resume();
    const session = new Promise<Buffer>((resolve) => client.once("session", resolve));
    const isSecure = new Promise((resolve) => client.once("secureConnect", resolve).once("close", resolve));
    const [result] = await Promise.all([this.next(), isSecure]);
    return { client, result, session, error: () => code };
  }

  /** A TCP client that has said nothing. */
  async connectTcp(options: { readonly allowHalfOpen?: boolean } = {}): Promise<Socket> {
    const socket = connect({ port: this.port, host: "127.0.0.1", ...options });
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  }
}

/** A door that is gone when the test is over. */
export async function openTlsDoor(
  certificates: readonly ServerCertificate[],
  {
    protocols = ["h2", "http/1.1"],
    handshakeMs = 60_000,
  }: { protocols?: TlsOptions["protocols"]; handshakeMs?: number } = {},
): Promise<TlsDoor> {
  const door = await new TlsDoor({ certificates, protocols }, handshakeMs).listen();
  onTestFinished(() => door.close());
  return door;
}

/** A port before that of `door`, where `pass` writes on what a client has sent. */
export async function openRelay(door: TlsDoor, pass: (bytes: Buffer, server: Socket) => void): Promise<number> {
  const relay = createServer((client) => {
    const server = connect({ port: door.port, host: "127.0.0.1" });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("error", () => undefined).once("close", () => to.destroy());
    }
    client.on("data", (bytes: Buffer) => pass(bytes, server));
    server.on("data", (bytes: Buffer) => client.write(bytes));
  });
  onTestFinished(() => void relay.close());
  await once(relay.listen(0, "127.0.0.1"), "listening");
  return portOf(relay);
}

function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

/** A fresh certificate for `serverNames`, the first of which is its common name. */
export async function serverCertificate(
  serverNames: readonly string[],
  clientCertificates?: ServerCertificate["clientCertificates"],
): Promise<ServerCertificate> {
  return { ...(await testCertificate(serverNames)), serverNames, clientCertificates };
}

/** The common name of the certificate that a client saw, and what the server knows of it. */
export function seen({ client, result }: Handshaken): { certificate: string; serverName: string | undefined } {
  if (result.type === "failed") throw new Error(`the handshake failed: ${result.reason}`);
  return { certificate: String(client.getPeerCertificate().subject.CN), serverName: result.facts.serverName };
}
