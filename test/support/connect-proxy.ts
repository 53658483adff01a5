import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import type { HttpProxy } from "../../src/transport/http-proxy.ts";
import { trySecure } from "../../src/transport/upstream-address.ts";
import { type Access, sharedCertificate } from "./listening.ts";

/** A proxy that makes the connections it is asked for by CONNECT. */
export interface ConnectProxy {
  readonly port: number;
  /** As a dialer takes it; without Proxy-Authorization. */
  readonly proxy: HttpProxy;
  /** `http:` or `https:`, with the host `localhost`. */
  readonly url: string;
  /** The certificate a client must trust, if any. */
  readonly ca: string | undefined;
  /** The heads of the requests so far. */
  readonly requests: readonly string[];
  readonly openConnections: number;
  /** Reads and passes on nothing any more, in either direction. */
  freeze(): void;
  /** Takes away the connections of all clients, with or without a reset. */
  loseConnections(how: "reset" | "end"): void;
  /** Resolves when no connection of a client is left. */
  allClosed(): Promise<void>;
}

/** What a test wants of it. */
export interface ConnectProxyOptions {
  readonly access?: Access;
  /** What it answers instead of making a connection; it leaves the socket open then. */
  readonly answer?: (socket: Socket, request: string) => void;
  /** What comes behind the head of its 200, in the same piece. */
  readonly early?: string;
}

/** Starts one on loopback, until the test is over. */
export async function connectProxy({ access = "cleartext", answer, early }: ConnectProxyOptions = {}) {
  const certificate = access === "TLS" ? await sharedCertificate() : undefined;
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  };
  const serve = (client: Socket): void => {
    keep(client);
    clients.add(client);
    client.once("close", () => {
      clients.delete(client);
      server.emit("client-gone");
    });
    let head = "";
    client.on("data", function onData(chunk: Buffer) {
      head += chunk.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      client.off("data", onData);
      requests.push(head);
      if (answer) answer(client, head);
      else join(client, head);
    });
  };
  const join = (client: Socket, head: string): void => {
    const [, host, port] = /^CONNECT (.*):(\d+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    const server = connect({ host: String(host).replace(/^\[(.*)\]$/, "$1"), port: Number(port) });
    keep(server);
    server.once("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
    server.once("connect", () => {
      client.write(`HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n${early ?? ""}`);
      client.pipe(server).pipe(client);
      client.once("close", () => server.destroy());
      server.once("close", () => client.destroy());
    });
  };
  const server =
    certificate === undefined
      ? createServer(serve)
      : createTlsServer({ cert: certificate.certificate, key: certificate.key }, serve);
  const raw = new Set<Socket>();
  server.on("connection", (socket: Socket) => void raw.add(socket));
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const ca = certificate?.certificate;
  const address = {
    transport: { type: "tcp", host: "127.0.0.1", port },
    tls: ca === undefined ? undefined : { serverName: "localhost", ca, verify: true },
  } as const;
  const proxy: ConnectProxy = {
    port,
    proxy: { address, secure: trySecure(address), authorization: undefined },
    url: `${ca === undefined ? "http" : "https"}://localhost:${port}`,
    ca,
    requests,
    get openConnections() {
      return clients.size;
    },
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    loseConnections(how) {
      for (const socket of raw) {
        if (how === "reset") socket.resetAndDestroy();
        else socket.destroy();
      }
    },
    async allClosed() {
      while (clients.size > 0) await once(server, "client-gone");
    },
  };
  return proxy;
}
