import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mkdtemp } from "node:fs/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { clientCertificate, testAuthority, testCertificate } from "../support/certificates.ts";
import { ScriptedServer, startProxy } from "../support/client-peers.ts";

async function startServer(options: WebSocketServerOptions = {}) {
  const server = new WebSocketServer({ handler: {}, ...options });
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ drainMs: 50 }));
  return { server, url: `${options.tls === undefined ? "ws" : "wss"}://localhost:${port}/` };
}

function newClient(options: ConnectOptions): WebSocketClient {
  const client = new WebSocketClient(options);
  onTestFinished(() => client.close());
  return client;
}

/** How many TCP connections the WebSockets of `server` come over. */
function connectionsOf(server: WebSocketServer): number {
  return new Set([...server.connections].map(({ request }) => request.peer.port)).size;
}

describe("over HTTP/2", () => {
  test("WebSockets to one origin share one connection, also those opened at once", async () => {
    const { server, url } = await startServer();
    const client = newClient({ protocol: "h2" });
    await Promise.all(Array.from({ length: 20 }, () => client.connect(url)));
    await client.connect(`${url}another/path`);
    expect([server.connections.size, connectionsOf(server)]).toEqual([21, 1]);
  });

  test("one that is told apart by its TLS or its way does not share", async () => {
    const identity = await testCertificate();
    const { server, url } = await startServer({ tls: identity });
    const client = newClient({});
    await client.connect(url, { tls: { ca: identity.certificate } });
    await client.connect(url, { tls: { verify: false } });
    expect(connectionsOf(server)).toBe(2);
  });

  test("another connection is opened where the server lets no more streams be open", async () => {
    const { server, url } = await startServer({ http2: { maxConcurrentStreams: 2 } });
    const client = newClient({ protocol: "h2" });
    const connections = [];
    for (let index = 0; index < 5; index++) connections.push(await client.connect(url));
    expect([server.connections.size, connectionsOf(server)]).toEqual([5, 3]);
    for (const connection of connections) await connection.send("still here");
  });

  test("behind a GOAWAY open WebSockets live on, and the next one takes a new connection", async () => {
    const sessions: Http2Session[] = [];
    const server = await ScriptedServer.start("h2", () => ({ status: 101 }));
    server.onSession((session) => sessions.push(session));
    const client = newClient({ protocol: "h2" });
    const first = await client.connect(server.url);
    sessions[0]?.goaway();
    await vi.waitFor(async () => {
      const next = await client.connect(server.url);
      next.abort();
      expect(sessions).toHaveLength(2);
    });
    expect(first.state).toBe("open");
    first.abort();
  });

  test("a connection that is lost ends all its WebSockets with 1006", async () => {
    const server = await ScriptedServer.start("h2", () => ({ status: 101 }));
    const client = newClient({ protocol: "h2" });
    const connections = await Promise.all([client.connect(server.url), client.connect(server.url)]);
    for (const socket of server.sockets) socket.destroy();
    for (const { closed } of connections) expect(await closed).toMatchObject({ code: 1006, clean: false });
    const again = await client.connect(server.url);
    again.abort();
  });
});

describe("protocol auto", () => {
  test.each([
    { protocols: ["h2", "http/1.1"] as const, version: "2" },
    { protocols: ["http/1.1"] as const, version: "1.1" },
  ])("takes what a server with $protocols prefers", async ({ protocols, version }) => {
    const identity = await testCertificate();
    const { url } = await startServer({ tls: identity, protocols });
    const client = newClient({ tls: { ca: identity.certificate } });
    const connections = await Promise.all([client.connect(url), client.connect(url), client.connect(url)]);
    expect(connections.map(({ request }) => request.httpVersion)).toEqual([version, version, version]);
    expect(connections[0]?.request.peer.tls?.serverName).toBe("localhost");
  });

  test("falls back to HTTP/1.1 where HTTP/2 takes no WebSockets, and remembers it", async () => {
    const identity = await testCertificate();
    const server = await ScriptedServer.startWithoutConnect(identity);
    let sessions = 0;
    server.onSession(() => sessions++);
    const client = newClient({ tls: { ca: identity.certificate } });
    for (let index = 0; index < 3; index++) {
      const connection = await client.connect(server.url);
      expect(connection.request.httpVersion).toBe("1.1");
      connection.abort();
    }
    expect([server.asked.length, sessions]).toEqual([3, 1]);
  });

  test("is HTTP/1.1 on ws:", async () => {
    const { url } = await startServer();
    const connection = await newClient({}).connect(url);
    expect(connection.request.httpVersion).toBe("1.1");
  });
});

test("protocol h2 says where there is none", async () => {
  const identity = await testCertificate();
  const client = newClient({ protocol: "h2", tls: { ca: identity.certificate } });
  const { url } = await startServer({ tls: identity, protocols: ["http/1.1"] });
  await expect(client.connect(url)).rejects.toMatchObject({ code: "WS_HTTP2_UNAVAILABLE" });
  const without = await ScriptedServer.startWithoutConnect(identity);
  await expect(client.connect(without.url)).rejects.toMatchObject({ code: "WS_HTTP2_UNAVAILABLE" });
  const http1 = await ScriptedServer.start("h1", () => ({ status: 101 }));
  await expect(client.connect(http1.url)).rejects.toMatchObject({ code: "WS_HTTP2_UNAVAILABLE" });
});

describe.each(["h1", "h2"] as const)("over TLS and %s", (protocol) => {
  test("a certificate that nobody vouches for is WS_TLS_FAILED, unless none is asked for", async () => {
    const identity = await testCertificate();
    const { url } = await startServer({ tls: identity });
    const client = newClient({ protocol });
    await expect(client.connect(url)).rejects.toMatchObject({
      code: "WS_TLS_FAILED",
      closeCode: 1015,
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    expect((await client.connect(url, { tls: { verify: false } })).state).toBe("open");
  });

  test("the name looked for in the certificate is the host's, or serverName", async () => {
    const identity = await testCertificate(["chat.example"]);
    const { url } = await startServer({ tls: identity });
    const ca = identity.certificate;
    const client = newClient({ protocol });
    await expect(client.connect(url, { tls: { ca } })).rejects.toMatchObject({
      code: "WS_TLS_FAILED",
      cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
    });
    // The certificate is the server's only one, and so it answers for every host.
    const connection = await client.connect(url, { tls: { ca, serverName: "chat.example" } });
    expect(connection.request.peer.tls?.serverName).toBe("chat.example");
  });

  test("a client shows its certificate where it is asked", async () => {
    const identity = await testCertificate();
    const authority = await testAuthority();
    const own = await clientCertificate(authority, "ada");
    const { server, url } = await startServer({
      tls: { ...identity, clientCertificates: { ca: authority.certificate, required: true } },
    });
    const tls = { ca: identity.certificate, cert: own.certificate, key: own.key };
    await newClient({ protocol }).connect(url, { tls });
    const [connection] = server.connections;
    expect(connection?.request.peer.tls?.clientCertificate?.subject).toContain("CN=ada");
  });

  test("goes through a proxy's tunnel, with the proxy's own authorization", async () => {
    const identity = await testCertificate();
    const { url } = await startServer({ tls: identity });
    const proxy = await startProxy();
    const client = newClient({ protocol, tls: { ca: identity.certificate } });
    const connection = await client.connect(url, { proxy: proxy.url.replace("://", "://user:pass@") });
    expect(connection.request.httpVersion).toBe(protocol === "h1" ? "1.1" : "2");
    const authorization = `Basic ${Buffer.from("user:pass").toString("base64")}`;
    expect(proxy.asked).toEqual([{ target: new URL(url).host, authorization }]);
    expect(connection.request.field("proxy-authorization")).toBeUndefined();
  });
});

describe.each(["h1", "h2"] as const)("in cleartext over %s", (protocol) => {
  test("goes through a proxy that is reached over TLS", async () => {
    const identity = await testCertificate();
    const { server, url } = await startServer();
    const proxy = await startProxy({ identity });
    const client = newClient({ protocol, proxy: proxy.url, proxyTls: { ca: identity.certificate } });
    await client.connect(url);
    expect([server.connections.size, proxy.asked.length]).toEqual([1, 1]);
  });

  test("rejects with the answer of a proxy that refuses", async () => {
    const { url } = await startServer();
    const refusal = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nwho";
    const proxy = await startProxy({ refusal });
    const opening = newClient({ protocol, proxy: proxy.url }).connect(url);
    await expect(opening).rejects.toMatchObject({ code: "WS_PROXY_REFUSED", response: { status: 407 } });
  });

  test("connects to a unix socket, where the URL is only named", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "client-")), "socket");
    const server = new WebSocketServer({ handler: {} });
    await server.listen({ path });
    onTestFinished(() => server.close({ drainMs: 50 }));
    await newClient({ protocol }).connect("ws://chat.example/a", { socketPath: path });
    const [connection] = server.connections;
    expect([connection?.request.authority, connection?.request.path]).toEqual(["chat.example", "/a"]);
  });
});

test("a shared connection on which nothing is open does not keep the process alive", async () => {
  const { url } = await startServer();
  const program = `
    import { WebSocketClient } from ${JSON.stringify(join(process.cwd(), "src/websocket/client.ts"))};
    const connection = await new WebSocketClient({ protocol: "h2" }).connect(${JSON.stringify(url)});
    await connection.close();
    console.log("closed");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const startedAt = performance.now();
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(8_000);
});

test("a server that says nothing in TLS is given up after openingMs", async () => {
  const identity = await testCertificate();
  const seen: Socket[] = [];
  const server = await ScriptedServer.startTls(identity, { alpn: ["h2"] }, (socket) => seen.push(socket.resume()));
  const client = newClient({ tls: { ca: identity.certificate } });
  await expect(client.connect(server.url, { openingMs: 100 })).rejects.toMatchObject({ code: "WS_OPENING_TIMEOUT" });
  expect(seen).toHaveLength(1);
  await vi.waitFor(() => expect(server.sockets.size).toBe(0));
});
