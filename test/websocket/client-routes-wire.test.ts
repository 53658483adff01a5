import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/websocket/client.ts";
import type { ClientTls, ConnectOptions } from "../../src/websocket/connect-options.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { ServerTls, WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { ClientVersions } from "../support/answering-server.ts";
import { clientCertificate, testAuthority, testCertificate, type TestCertificate } from "../support/certificates.ts";
import { clientFor, failureOf } from "../support/client-under-test.ts";
import { configFolder } from "../support/config-folder.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { sharedCertificate } from "../support/listening.ts";

/** A server that says whom it has, as `HTTP version, scheme, authority, subject of the certificate`. */
function tellingServer(options: WebSocketServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer({
    closeMs: 50,
    ...options,
    handler: {
      onMessage(connection) {
        const { httpVersion, scheme, authority, peer } = connection.request;
        return connection.send([httpVersion, scheme, authority, peer.tls?.clientCertificate?.subject].join(" "));
      },
    },
  });
  onTestFinished(() => server.close({ drainMs: 10 }));
  return server;
}

async function portOf(server: WebSocketServer): Promise<number> {
  return (await server.listen({ host: "127.0.0.1" })).port;
}

/** Opens a WebSocket, and asks whom the server has. */
async function heardOf(url: string, options: ConnectOptions): Promise<unknown> {
  const connection = await clientFor().connect(url, options);
  await connection.send("whom?");
  return connection.receive();
}

async function socketPath(): Promise<string> {
  return join(await configFolder({}), "socket");
}

describe.each(ClientVersions)("over $protocol", ({ protocol, httpVersion }) => {
  describe("TLS", () => {
    async function secureServer(names: readonly string[], options: Partial<ServerTls> = {}) {
      const certificate = await testCertificate(names);
      const port = await portOf(tellingServer({ tls: { ...certificate, ...options } }));
      return { url: `wss://127.0.0.1:${port}`, ca: certificate.certificate, port };
    }

    test.each<{ what: string; names: string[]; tls: ClientTls }>([
      { what: "has the address it is reached at", names: ["127.0.0.1"], tls: {} },
      { what: "has the name that it is told to have", names: ["a.example"], tls: { serverName: "a.example" } },
    ])("is made with a server whose certificate $what", async ({ names, tls }) => {
      const { url, ca } = await secureServer(names);
      const connection = await clientFor({ protocol }).connect(url, { tls: { ca, ...tls } });
      expect(connection.request).toMatchObject({ httpVersion, scheme: "https" });
      expect(connection.request.url.protocol).toBe("wss:");
      // An address is no name to send.
      expect(connection.request.peer.tls).toEqual({ serverName: tls.serverName, clientCertificate: undefined });
    });

    test.each<{ what: string; names: string[]; tls: (ca: string) => ClientTls; code: string }>([
      { what: "is nobody's", names: ["127.0.0.1"], tls: () => ({}), code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
      { what: "is another's", names: ["a.example"], tls: (ca) => ({ ca }), code: "ERR_TLS_CERT_ALTNAME_INVALID" },
      {
        what: "is not the one of the name that it is told to have",
        names: ["127.0.0.1"],
        tls: (ca) => ({ ca, serverName: "a.example" }),
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      },
    ])("is not made with a server whose certificate $what", async ({ names, tls, code }) => {
      const { url, ca } = await secureServer(names);
      const error = await failureOf(clientFor({ protocol }).connect(url, { tls: tls(ca) }));
      expect(error).toMatchObject({ code: "WS_TLS_FAILED", closeCode: 1015, origin: "transport", cause: { code } });
      expect(error.message).toMatch(
        new RegExp(`^the TLS handshake failed: ${code}, the certificate is .*\\(see tls\\.`),
      );
      expect(error.message).not.toMatch(/127\.0\.0\.1|a\.example/);
    });

    test("is not made with a server that has none, and the error says so", async () => {
      const port = await portOf(tellingServer());
      const error = await failureOf(clientFor({ protocol }).connect(`wss://127.0.0.1:${port}/`));
      expect(error.code).toBe("WS_TLS_FAILED");
      expect(error.message).toMatch(
        /^the TLS handshake failed: ERR_SSL_[A-Z_]+, what answers there speaks no TLS \(WS_/,
      );
    });

    test("that is cut off within its handshake leaves the server unreachable: another attempt may do", async () => {
      const server = createServer((socket) => {
        socket.on("error", () => undefined).once("data", () => socket.resetAndDestroy());
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const error = await failureOf(clientFor({ protocol }).connect(`wss://127.0.0.1:${port}/`));
      expect(error).toMatchObject({ code: "WS_UNREACHABLE", cause: { code: "ECONNRESET" } });
    });

    test("is made with anybody, if that is wanted", async () => {
      const { url, port } = await secureServer(["a.example"]);
      expect(await heardOf(url, { protocol, tls: { verify: false } })).toBe(`${httpVersion} https 127.0.0.1:${port} `);
    });

    test.each<{ form: string; pem: (text: string) => string | Uint8Array }>([
      { form: "text", pem: (text) => text },
      { form: "bytes", pem: (text) => Buffer.from(text) },
    ])("shows the certificate of the client where the server asks for it, as $form", async ({ pem }) => {
      const authority = await testAuthority();
      const { certificate: cert, key } = await clientCertificate(authority, "ann");
      const own = await testCertificate(["127.0.0.1"]);
      const clientCertificates = { ca: pem(authority.certificate), required: true };
      const serverTls = { certificate: pem(own.certificate), key: pem(own.key), clientCertificates };
      const port = await portOf(tellingServer({ tls: serverTls }));
      const tls = { ca: pem(own.certificate), cert: pem(cert), key: pem(key) };
      const heard = await heardOf(`wss://127.0.0.1:${port}`, { protocol, tls });
      expect(heard).toBe(`${httpVersion} https 127.0.0.1:${port} CN=ann,O=Example`);
    });

    test("with a key that is none is asked of nobody", async () => {
      const opening = clientFor({ protocol }).connect("wss://127.0.0.1:9/", { tls: { cert: "x", key: "y" } });
      await expect(opening).rejects.toThrow(/PEM/i);
    });
  });

  describe("a unix socket", () => {
    test("is connected to, whatever host is asked for there", async () => {
      const path = await socketPath();
      await tellingServer().listen({ path });
      const connection = await clientFor({ protocol }).connect("ws://somewhere.example:81/", { socketPath: path });
      expect(connection.request.peer).toEqual({ address: "", port: 0, tls: undefined });
      await connection.send("whom?");
      expect(await connection.receive()).toBe(`${httpVersion} http somewhere.example:81 `);
    });

    test("has TLS with the name of the URL", async () => {
      const path = await socketPath();
      const { certificate: ca, key } = await testCertificate(["somewhere.example"]);
      const settings = { enableConnectProtocol: true };
      const node =
        protocol === "h1" ? createHttpsServer({ cert: ca, key }) : createSecureServer({ cert: ca, key, settings });
      tellingServer().attach(node);
      await once(node.listen(path), "listening");
      onTestFinished(() => void node.close());
      const tls = { ca };
      const heard = await heardOf("wss://somewhere.example/", { protocol, socketPath: path, tls });
      expect(heard).toBe(`${httpVersion} https somewhere.example `);
    });

    test("that is not there is unreachable", async () => {
      const error = await failureOf(clientFor({ protocol }).connect("ws://a/", { socketPath: await socketPath() }));
      expect(error).toMatchObject({ code: "WS_UNREACHABLE", cause: { code: "ENOENT" } });
      expect(error.message).toContain("no connection to the server: ENOENT, there is no such unix socket (WS_");
    });

    test("is not reached through a proxy", async () => {
      const opening = clientFor({ protocol }).connect("ws://a/", { socketPath: "/nowhere", proxy: "http://b" });
      await expect(opening).rejects.toThrow(TypeError);
    });
  });

  describe.each(["cleartext", "TLS"] as const)("a proxy over %s", (access) => {
    test("is asked for the server, by who the URL says", async () => {
      const certificate = await sharedCertificate();
      const port = await portOf(tellingServer({ tls: certificate }));
      const between = await connectProxy({ access });
      const heard = await heardOf(`wss://localhost:${port}/`, {
        ...{ protocol, tls: { ca: certificate.certificate }, proxyTls: { ca: between.ca } },
        proxy: between.url.replace("://", "://user:p%40ss@"),
      });
      expect(heard).toBe(`${httpVersion} https localhost:${port} `);
      expect(between.requests).toHaveLength(1);
      expect(between.requests[0]).toMatch(`CONNECT localhost:${port} HTTP/1.1\r\n`);
      expect(between.requests[0]).toContain("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n");
    });

    test("that refuses says why", async () => {
      const between = await connectProxy({
        access,
        answer: (socket) => socket.end("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno"),
      });
      const options = { proxy: new URL(between.url), proxyTls: { ca: between.ca } };
      const error = await failureOf(clientFor({ protocol }).connect("ws://server.example/", options));
      expect(error).toMatchObject({
        ...{ code: "WS_PROXY_REFUSED", closeCode: 1006, origin: "peer" },
        response: { status: 407, fields: ["proxy-authenticate", "Basic"] },
      });
      expect(String(error.response?.body)).toBe("no");
    });

    test("that answers what is no answer has refused", async () => {
      const between = await connectProxy({ access, answer: (socket) => socket.end("220 mail.example ESMTP\r\n") });
      const options = { proxy: between.url, proxyTls: { ca: between.ca } };
      const error = await failureOf(clientFor({ protocol }).connect("ws://server.example/", options));
      expect(error).toMatchObject({ code: "WS_PROXY_REFUSED", response: undefined });
    });
  });

  test.each(["socks5://a", "proxy.example:3128", "http://us%3Aer@a", ""])("%j is no proxy", async (proxy) => {
    const error = await failureOf(clientFor({ protocol }).connect("ws://a/", { proxy }));
    expect(error).toMatchObject({ code: "WS_URL_INVALID", origin: "caller" });
  });
});

describe("the HTTP/2 connection of a client", () => {
  async function clientPorts(server: WebSocketServer): Promise<readonly number[]> {
    await expect.poll(() => server.connections.size).toBeGreaterThan(0);
    return [...new Set([...server.connections].map(({ request }) => request.peer.port))];
  }

  test.each<{ what: string; other: (shared: TestCertificate) => ConnectOptions; connections: number }>([
    {
      what: "what is of the WebSocket alone",
      other: () => ({ subprotocols: ["a"], fields: ["b", "c"] }),
      connections: 1,
    },
    {
      what: "how it is said who is believed",
      other: ({ certificate }) => ({ tls: { ca: Buffer.from(certificate) } }),
      connections: 1,
    },
    { what: "who is believed", other: ({ certificate: ca }) => ({ tls: { ca, verify: false } }), connections: 2 },
    { what: "who is shown", other: ({ certificate: ca, key }) => ({ tls: { ca, cert: ca, key } }), connections: 2 },
  ])("is shared by WebSockets that differ in $what: $connections in all", async ({ other, connections }) => {
    const shared = await sharedCertificate();
    const server = tellingServer({ tls: shared });
    const url = `wss://localhost:${await portOf(server)}/`;
    const client = clientFor({ tls: { ca: shared.certificate } });
    await Promise.all([client.connect(url), client.connect(`${url}else`), client.connect(url, other(shared))]);
    expect(await clientPorts(server)).toHaveLength(connections);
  });

  test("is one for all that use the default client, and is not that of another client", async () => {
    const { certificate: ca, key } = await sharedCertificate();
    const server = tellingServer({ tls: { certificate: ca, key } });
    const url = `wss://localhost:${await portOf(server)}/`;
    const opened = await Promise.all([connect(url, { tls: { ca } }), connect(url, { tls: { ca } })]);
    expect(await clientPorts(server)).toHaveLength(1);
    await clientFor().connect(url, { tls: { ca } });
    expect(await clientPorts(server)).toHaveLength(2);
    for (const connection of opened) connection.abort();
  });
});

test("HTTP/2 that a server has not is unavailable", async () => {
  const { certificate: ca, key } = await sharedCertificate();
  const port = await portOf(tellingServer({ tls: { certificate: ca, key }, protocols: ["http/1.1"] }));
  const client = clientFor({ tls: { ca } });
  const error = await failureOf(client.connect(`wss://localhost:${port}/`, { protocol: "h2" }));
  expect(error).toMatchObject({ code: "WS_HTTP2_UNAVAILABLE", origin: "peer" });
  expect((await client.connect(`wss://localhost:${port}/`)).request.httpVersion).toBe("1.1");
});
