import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import {
  createSecureServer,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { acceptKey } from "../../src/protocol/handshake/upgrade.ts";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { type Access, sharedCertificate } from "./listening.ts";

/** A server of node:http2 that takes WebSockets, on loopback, as a client dials it. */
export interface H2Origin {
  readonly port: number;
  readonly address: UpstreamAddress;
  /** The certificate a client must trust, if any. */
  readonly ca: string | undefined;
  /** Its HTTP/2 connections that are open, the oldest first. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** How many TCP connections there have been, and how many are open. */
  readonly connections: { readonly made: number; readonly open: number };
  /** Takes its connections away beneath HTTP/2. */
  loseConnections(): void;
  /** The streams so far. */
  readonly streams: readonly ServerHttp2Stream[];
  /** How many WebSockets were opened over HTTP/1.1, all of which it takes. */
  readonly upgrades: number;
  /** Resolves once `holds` is true behind something that has happened here, or now. */
  until(holds: () => boolean): Promise<void>;
}

/** What a test wants of it. */
export interface H2OriginOptions {
  readonly access?: Access;
  /** Beside Extended CONNECT. */
  readonly settings?: Settings;
  /** Speaks HTTP/1.1 too, where a client asks for it by ALPN. */
  readonly allowHTTP1?: boolean;
  /** Answers a stream; 200 if not given. */
  readonly onStream?: (stream: ServerHttp2Stream, rawFields: readonly string[]) => void;
}

/** Starts one, until the test is over. */
export async function h2Origin(options: H2OriginOptions = {}): Promise<H2Origin> {
  const { access = "cleartext", onStream = (stream) => stream.respond({ ":status": 200 }) } = options;
  const certificate = access === "TLS" ? await sharedCertificate() : undefined;
  const settings = { enableConnectProtocol: true, ...options.settings };
  const server =
    certificate === undefined
      ? createServer({ settings, strictSingleValueFields: false })
      : createSecureServer({
          settings,
          strictSingleValueFields: false,
          cert: certificate.certificate,
          key: certificate.key,
          allowHTTP1: options.allowHTTP1 === true,
        });
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const streams: ServerHttp2Stream[] = [];
  let made = 0;
  let upgrades = 0;
  const happened = (): void => void server.emit("happened");
  server.on("connection", (socket: Socket) => {
    made++;
    sockets.add(socket);
    socket
      .on("error", () => undefined)
      .once("close", () => {
        sockets.delete(socket);
        happened();
      });
    happened();
  });
  server.on("session", (session) => {
    sessions.add(session);
    session
      .on("error", () => undefined)
      .once("close", () => {
        sessions.delete(session);
        happened();
      });
  });
  server.on("tlsClientError", () => undefined);
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    upgrades++;
    const accept = acceptKey(request.headers["sec-websocket-key"] ?? "");
    const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, "", ""];
    socket.write(["HTTP/1.1 101 Switching Protocols", ...lines].join("\r\n"));
  });
  server.on("stream", (stream: ServerHttp2Stream, _fields: unknown, _flags: unknown, rawFields: string[]) => {
    stream.on("error", () => undefined).once("close", happened);
    streams.push(stream);
    onStream(stream, rawFields);
    happened();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const ca = certificate?.certificate;
  const tls = ca === undefined ? undefined : { serverName: "localhost", ca, verify: true };
  return {
    port,
    address: { transport: { type: "tcp", host: "127.0.0.1", port }, tls },
    ca,
    sessions,
    connections: {
      get made() {
        return made;
      },
      get open() {
        return sockets.size;
      },
    },
    loseConnections() {
      for (const socket of sockets) socket.destroy();
    },
    streams,
    get upgrades() {
      return upgrades;
    },
    async until(holds) {
      while (!holds()) await once(server, "happened");
    },
  };
}
