import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createSecureServer, createServer as createHttp2, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { onTestFinished } from "vitest";
import { acceptKey } from "../../src/protocol/handshake/upgrade.ts";
import type { TestCertificate } from "./certificates.ts";

/** What a {@link ScriptedServer} answers to an opening, alike over both HTTP versions; `undefined`: nothing, ever. */
export interface ScriptedAnswer {
  /** 101 stands for the 200 of HTTP/2 too. */
  readonly status: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An opening as it came: path and fields. */
export interface AskedOpening {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server that answers openings as the test says, over one HTTP version, and does nothing behind that. */
export class ScriptedServer {
  readonly asked: AskedOpening[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #scheme: "ws" | "wss";

  private constructor(server: Server, scheme: "ws" | "wss") {
    this.#server = server;
    this.#scheme = scheme;
  }

  static async start(
    version: "h1" | "h2",
    answer: (opening: AskedOpening) => ScriptedAnswer | undefined,
  ): Promise<ScriptedServer> {
    const server: Server = version === "h1" ? createHttp() : createHttp2({ settings: { enableConnectProtocol: true } });
    const scripted = new ScriptedServer(server, "ws");
    if (version === "h1")
      server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
        const asked = { path: request.url ?? "", fields: request.headers };
        scripted.asked.push(asked);
        socket.on("error", () => undefined);
        socket.resume();
        writeUpgradeAnswer(request, socket, answer(asked));
      });
    else
      server.on("stream", (stream: ServerHttp2Stream, fields: Record<string, string>) => {
        const asked = { path: fields[":path"] ?? "", fields };
        scripted.asked.push(asked);
        stream.on("error", () => undefined);
        const { status, fields: further = {}, body = "" } = answer(asked) ?? {};
        if (status === undefined) return;
        stream.respond({ ":status": status === 101 ? 200 : status, ...further });
        if (status !== 101) stream.end(body);
      });
    return scripted.#listen();
  }

  /** A TLS server that lets the test do all else: `secured` is given each connection that stands. */
  static async startTls(
    identity: TestCertificate,
    options: { readonly alpn?: readonly string[]; readonly clientCa?: string },
    secured: (socket: Socket) => void,
  ): Promise<ScriptedServer> {
    const server = createTls(
      {
        cert: identity.certificate,
        key: identity.key,
        ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
        ...(options.clientCa !== undefined && { requestCert: true, ca: options.clientCa }),
      },
      secured,
    );
    server.on("tlsClientError", () => undefined);
    return new ScriptedServer(server, "wss").#listen();
  }

  /** HTTP/2 over TLS without Extended CONNECT, and HTTP/1.1 beside it, which takes every opening. */
  static async startWithoutConnect(identity: TestCertificate): Promise<ScriptedServer> {
    const server = createSecureServer({ cert: identity.certificate, key: identity.key, allowHTTP1: true });
    const scripted = new ScriptedServer(server, "wss");
    server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
      scripted.asked.push({ path: request.url ?? "", fields: request.headers });
      writeUpgradeAnswer(request, socket, { status: 101 });
    });
    return scripted.#listen();
  }

  /** Told of each HTTP/2 session; before the client connects. */
  onSession(told: (session: Http2Session) => void): void {
    this.#server.on("session", told);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}/`;
  }

  async #listen(): Promise<this> {
    trackSockets(this.#server, this.sockets);
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }
}

/** A proxy that makes tunnels by CONNECT. */
export interface TunnelProxy {
  readonly url: string;
  /** The targets asked for, and with which Proxy-Authorization. */
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[];
}

/** Starts one that answers `refusal`, whole, instead of a tunnel where that is given; over TLS with an identity. */
export async function startProxy({
  refusal,
  identity,
}: { readonly refusal?: string; readonly identity?: TestCertificate } = {}): Promise<TunnelProxy> {
  const http = createHttp();
  const asked: TunnelProxy["asked"] = [];
  http.on("connect", (request: IncomingMessage, socket: Socket) => {
    const target = request.url ?? "";
    asked.push({ target, authorization: request.headers["proxy-authorization"] });
    socket.on("error", () => undefined);
    if (refusal !== undefined) {
      socket.end(refusal);
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    const far = connect({ host: hostname, port: Number(port) });
    far.on("error", () => socket.destroy());
    far.once("connect", () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      socket.pipe(far).pipe(socket);
    });
  });
  const server: Server =
    identity === undefined
      ? http
      : createTls({ cert: identity.certificate, key: identity.key }, (socket) => http.emit("connection", socket));
  server.on("tlsClientError", () => undefined);
  trackSockets(server, new Set());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `${identity === undefined ? "http" : "https"}://localhost:${port}`, asked };
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function writeUpgradeAnswer(request: IncomingMessage, socket: Socket, answer: ScriptedAnswer | undefined): void {
  if (answer === undefined) return;
  const { status, fields = {}, body = "" } = answer;
  const own: Record<string, string> =
    status === 101
      ? {
          Upgrade: "websocket",
          Connection: "Upgrade",
          "Sec-WebSocket-Accept": acceptKey(String(request.headers["sec-websocket-key"])),
        }
      : { "Content-Length": String(body.length) };
  const lines = Object.entries({ ...own, ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} Answer\r\n${lines.join("")}\r\n${body}`);
}

function trackSockets(server: Server, sockets: Set<Socket>): void {
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    // Whoever takes the socket over reads it on, and so sees its end.
    socket.once("end", () => socket.end());
    socket.once("close", () => sockets.delete(socket));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}
