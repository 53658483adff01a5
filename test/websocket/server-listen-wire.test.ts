import { link, mkdtemp, rm, stat } from "node:fs/promises";
import { BlockList, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket as Ws } from "ws";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { ServerTls, WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import type { Peer } from "../../src/websocket/request.ts";
import { clientCertificate, testAuthority, testCertificate } from "../support/certificates.ts";
import { readToEnd } from "../support/listening.ts";
import { h1Client, h2Client, type OpeningClient } from "../support/opening-client.ts";
import { tcpTo } from "../support/server-ways.ts";
import { TlsClient } from "../support/tls-clients.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

/** A server that tells each client who it is by its transport. */
function tellingPeers(options: WebSocketServerOptions = {}): WebSocketServer {
  const told = ({ address, tls }: Peer) => [address, tls?.serverName, tls?.clientCertificate?.subject].join(" ");
  const handler = {
    onOpen: (connection: { request: { peer: Peer }; send(text: string): Promise<void> }) =>
      connection.send(told(connection.request.peer)),
  };
  const server = new WebSocketServer({ handler, closeMs: 100, ...options });
  onTestFinished(() => server.close({ drainMs: 10 }));
  return server;
}

async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "socket-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "ws.sock");
}

/** A client of the unix socket at `path`, over either version. */
async function localClient(path: string, httpVersion: "1.1" | "2", before = ""): Promise<OpeningClient> {
  const socket = await tcpTo({ path });
  onTestFinished(() => void socket.destroy());
  socket.write(before);
  if (httpVersion === "1.1") return h1Client(socket);
  const session = connectHttp2("http://localhost", { createConnection: () => socket });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  return h2Client(session);
}

describe("a unix socket", () => {
  test.each(["1.1", "2"] as const)("is served over HTTP/%s, and its clients have no address", async (httpVersion) => {
    const server = tellingPeers({ tcp: { maxConnectionsPerAddress: 1 }, maxConnectionsPerAddress: 1 });
    const path = await socketPath();
    expect(await server.listen({ path })).toEqual({ path });
    for (let nth = 0; nth < 2; nth++) {
      const client = await WebSocketClient.open(await localClient(path, httpVersion));
      expect(await client.next()).toBe("Text");
    }
    await server.close({ drainMs: 10 });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.each(["1.1", "2"] as const)(
    "takes PROXY headers of everybody where that is set, HTTP/%s",
    async (httpVersion) => {
      const server = tellingPeers({ proxyProtocol: new BlockList() });
      const path = await socketPath();
      await server.listen({ path });
      const client = await localClient(path, httpVersion, "PROXY TCP4 192.0.2.7 192.0.2.1 50000 80\r\n");
      expect(await (await WebSocketClient.open(client)).next()).toBe("Text 192.0.2.7");
    },
  );

  test("has no resets: a connection too many is closed", async () => {
    const server = tellingPeers({ tcp: { maxConnections: 1 } });
    const path = await socketPath();
    await server.listen({ path });
    await WebSocketClient.open(await localClient(path, "1.1"));
    const socket = await tcpTo({ path });
    expect(await readToEnd(socket)).toBe("");
    socket.destroy();
  });

  test("that somebody listens on cannot be had", async () => {
    const path = await socketPath();
    await tellingPeers().listen({ path });
    const second = tellingPeers();
    await expect(second.listen({ path })).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: `cannot listen on ${path}: another process listens there: stop it, or choose another path`,
    });
    await WebSocketClient.open(await localClient(path, "1.1"));
  });

  test("whose file was left by a process that has ended is told with the cure, and the file stays", async () => {
    const path = await socketPath();
    await leaveSocket(path);
    const server = tellingPeers();
    await expect(server.listen({ path })).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: `cannot listen on ${path}: nobody listens there: if a process that has ended left the file, delete it`,
    });
    await rm(path);
    await server.listen({ path });
  });

  test("has no TLS", async () => {
    const server = tellingPeers({ tls: await testCertificate() });
    await expect(server.listen({ path: await socketPath() })).rejects.toThrow(TypeError);
  });
});

describe("a port", () => {
  test("that is taken makes listen fail, and another one can be had", async () => {
    const server = tellingPeers();
    const { port } = await server.listen({ host: "127.0.0.1" });
    await expect(server.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const other = await server.listen({ host: "127.0.0.1" });
    for (const place of [port, other.port]) {
      const client = await WebSocketClient.open(h1Client(await tcpTo({ host: "127.0.0.1", port: place })));
      expect(await client.next()).toBe("Text 127.0.0.1");
    }
  });

  test("has PROXY headers from those that may send them", async () => {
    const proxies = new BlockList();
    proxies.addAddress("127.0.0.1");
    const server = tellingPeers({ proxyProtocol: proxies });
    const socket = await tcpTo({ host: "127.0.0.1", port: (await server.listen({ host: "127.0.0.1" })).port });
    socket.write("PROXY TCP4 192.0.2.7 192.0.2.1 50000 80\r\n");
    expect(await (await WebSocketClient.open(h1Client(socket))).next()).toBe("Text 192.0.2.7");
  });
});

describe.each(["1.1", "2"] as const)("TLS, over HTTP/%s", (httpVersion) => {
  async function tlsServer(tls: ServerTls | readonly ServerTls[]): Promise<number> {
    return (await tellingPeers({ tls }).listen({ host: "127.0.0.1" })).port;
  }

  test("presents one of several certificates by the name asked for, and the first otherwise", async () => {
    const port = await tlsServer([
      { ...(await testCertificate(["a.example"])), serverNames: ["a.example"] },
      { ...(await testCertificate(["b.example"])), serverNames: ["b.example"] },
    ]);
    const presented = async (servername: string) =>
      (await TlsClient.connect(port, httpVersion, { servername })).certificate;
    expect([await presented("b.example"), await presented("a.example"), await presented("c.example")]).toEqual([
      "b.example",
      "a.example",
      "a.example",
    ]);
  });

  test("answers 421 to who asks for a host behind another certificate", async () => {
    const port = await tlsServer([
      { ...(await testCertificate(["a.example"])), serverNames: ["a.example"] },
      { ...(await testCertificate(["b.example"])), serverNames: ["b.example"] },
    ]);
    const client = (await TlsClient.connect(port, httpVersion, { servername: "a.example" })).opening();
    client.ask({ authority: "b.example" });
    expect((await client.response()).status).toBe(421);
  });

  test("knows the client by the certificate that it has to show", async () => {
    const authority = await testAuthority();
    const port = await tlsServer({
      ...(await testCertificate(["a.example"])),
      clientCertificates: { ca: authority.certificate, required: true },
    });
    const { certificate: cert, key } = await clientCertificate(authority, "ann");
    const client = await TlsClient.connect(port, httpVersion, { servername: "a.example", cert, key });
    expect(await (await WebSocketClient.open(client.opening())).next()).toBe(
      "Text 127.0.0.1 a.example CN=ann,O=Example",
    );
  });
});

test("a client of another make agrees on TLS, subprotocol and compression", async () => {
  const certificate = await testCertificate();
  const server = tellingPeers({ tls: certificate, subprotocols: ["chat"] });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const socket = new Ws(`wss://localhost:${port}/`, ["other", "chat"], { ca: certificate.certificate });
  const [message] = (await once(socket, "message")) as [Buffer];
  expect(String(message)).toBe("127.0.0.1 localhost ");
  expect(socket.protocol).toBe("chat");
  socket.close(1000);
  const [code] = (await once(socket, "close")) as [number];
  expect(code).toBe(1000);
});

describe("an ordinary request", () => {
  const asked = (method: string) => `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

  async function answerTo(method: string, options: WebSocketServerOptions = {}): Promise<string> {
    const { port } = await tellingPeers(options).listen({ host: "127.0.0.1" });
    const socket = await tcpTo({ host: "127.0.0.1", port });
    const words = readToEnd(socket);
    socket.write(asked(method));
    onTestFinished(() => void socket.destroy());
    return words;
  }

  async function askOverH2(method: string, options: WebSocketServerOptions) {
    const { port } = await tellingPeers(options).listen({ host: "127.0.0.1" });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": method, ":path": "/" }, { endStream: true });
    stream.on("error", () => undefined);
    return stream;
  }

  async function answerOverH2(method: string, options: WebSocketServerOptions = {}) {
    const [response] = (await once(await askOverH2(method, options), "response")) as [Record<string, unknown>];
    return response;
  }

  test.each([
    { method: "GET", h1: /^HTTP\/1\.1 426 [^]*^sec-websocket-version: 13\r$[^]*^upgrade: websocket\r$/m, h2: 400 },
    { method: "HEAD", h1: /^HTTP\/1\.1 426 /, h2: 400 },
    { method: "POST", h1: /^HTTP\/1\.1 405 [^]*^allow: GET\r$/m, h2: 405 },
    { method: "DELETE", h1: /^HTTP\/1\.1 405 /, h2: 405 },
  ])("by $method is told that there are only WebSockets", async ({ method, h1, h2 }) => {
    expect(await answerTo(method)).toMatch(h1);
    const response = await answerOverH2(method);
    expect(response[":status"]).toBe(h2);
    expect(response["allow"]).toBe(h2 === 405 ? "CONNECT" : undefined);
  });

  test("goes to onRequest where there is one", async () => {
    const options = {
      onRequest: (exchange: HttpExchange) => exchange.respond({ status: 200, fields: [], body: "up" }),
    };
    expect(await answerTo("GET", options)).toMatch(/^HTTP\/1\.1 200 [^]*up$/);
    expect((await answerOverH2("GET", options))[":status"]).toBe(200);
  });

  test.each([
    {
      how: "throws",
      onRequest: () => {
        throw new Error("the application's");
      },
    },
    { how: "rejects", onRequest: () => Promise.reject(new Error("the application's")) },
  ])("is answered 500 where onRequest $how, and that is told", async ({ onRequest }) => {
    const errors: unknown[] = [];
    const options = { onRequest, onError: (error: unknown) => void errors.push(error) };
    expect(await answerTo("GET", options)).toMatch(/^HTTP\/1\.1 500 /);
    expect((await answerOverH2("GET", options))[":status"]).toBe(500);
    expect(errors).toEqual([new Error("the application's"), new Error("the application's")]);
  });

  test.each(H2EngineNames)(
    "is cut off where onRequest fails within the answer, HTTP/2 framed by %s",
    async (engine) => {
      const errors: unknown[] = [];
      const onRequest = async (exchange: HttpExchange): Promise<void> => {
        exchange.begin({ status: 200, fields: [] }).write(Buffer.from("begun"));
        await Promise.resolve();
        throw new Error("the application's");
      };
      const options = { onRequest, onError: (error: unknown) => void errors.push(error), http2: { engine } };
      // Its content is in chunks, and the last one does not come.
      expect(await answerTo("GET", options)).toMatch(/^HTTP\/1\.1 200 (?![^]*\r\n0\r\n)/);
      const stream = await askOverH2("GET", options);
      await new Promise((resolve) => stream.resume().once("close", resolve));
      expect([stream.rstCode, errors.length]).toEqual([constants.NGHTTP2_INTERNAL_ERROR, 2]);
    },
  );
});

test.each([
  { origins: ["example.com"] },
  { hosts: ["example.com:80"] },
  { subprotocols: ["a b"] },
  { fields: ["a", "b\r\nc"] },
  { endpoints: [{ path: "chat" }] },
  { endpoints: [{ path: "/chat?a" }] },
  { endpoints: [{ path: "/../chat" }] },
])("a server cannot be made with %j", (options) => {
  expect(() => new WebSocketServer(options)).toThrow(TypeError);
});

/** Leaves a socket's file behind that nobody listens on. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  server.listen(`${path}.first`);
  await once(server, "listening");
  // What is closed takes its file away, but under its first name only.
  await link(`${path}.first`, path);
  server.close();
  await once(server, "close");
}
