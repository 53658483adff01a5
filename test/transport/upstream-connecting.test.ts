import { once } from "node:events";
import { createServer as createUpgradeServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { trySecure, type UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { dialerFor } from "../support/client-dialing.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { h2Origin } from "../support/h2-origin.ts";
import { type Access, sharedCertificate } from "../support/listening.ts";
import { createServer as createSecureUpgradeServer } from "node:https";
import { switching } from "../support/dialing.ts";

type Protocol = "h1" | "h2";

/** A server that takes WebSockets over the HTTP version of `protocol`. */
async function serverFor(protocol: Protocol, access: Access): Promise<UpstreamAddress> {
  if (protocol === "h2") return (await h2Origin({ access })).address;
  const { certificate: ca, key } = await sharedCertificate();
  const server = access === "TLS" ? createSecureUpgradeServer({ cert: ca, key }) : createUpgradeServer();
  server.on("upgrade", (request, socket) => {
    socket.on("error", () => undefined);
    socket.write(switching(`Sec-WebSocket-Key: ${request.headers["sec-websocket-key"]}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const tls = access === "TLS" ? { serverName: "localhost", ca, verify: true } : undefined;
  return { transport: { type: "tcp", host: "127.0.0.1", port }, tls };
}

describe.each<{ protocol: Protocol; access: Access; proxied: Access }>([
  { protocol: "h1", access: "cleartext", proxied: "cleartext" },
  { protocol: "h1", access: "TLS", proxied: "cleartext" },
  { protocol: "h1", access: "cleartext", proxied: "TLS" },
  { protocol: "h1", access: "TLS", proxied: "TLS" },
  { protocol: "h2", access: "cleartext", proxied: "cleartext" },
  { protocol: "h2", access: "TLS", proxied: "cleartext" },
  { protocol: "h2", access: "cleartext", proxied: "TLS" },
  { protocol: "h2", access: "TLS", proxied: "TLS" },
])("over $protocol, $access, through a proxy over $proxied", ({ protocol, access, proxied }) => {
  test("a WebSocket is opened in the tunnel that is asked for", async () => {
    const address = await serverFor(protocol, access);
    const between = await connectProxy({ access: proxied });
    const { open } = dialerFor(address, protocol, { proxy: between.proxy });
    const { httpVersion, stream, observer } = await open();
    expect(httpVersion).toBe(protocol === "h2" ? "2" : "1.1");
    const { port } = address.transport as { port: number };
    expect(between.requests).toEqual([`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`]);
    stream.abort("cancel");
    await observer.until("the end", () => observer.ending !== undefined);
    // Over HTTP/2 the connection is kept for the next one.
    if (protocol === "h1") await between.allClosed();
  });

  test("a connection that is lost on the way is lost", async () => {
    const address = await serverFor(protocol, access);
    const between = await connectProxy({ access: proxied });
    const { observer } = await dialerFor(address, protocol, { proxy: between.proxy }).open();
    between.loseConnections("reset");
    await observer.until("the loss", () => observer.ending !== undefined);
    expect(observer.ending?.type).toMatch(/^(reset|connection-lost)$/);
  });

  test("the proxy is told who asks, and only the proxy", async () => {
    const address = await serverFor(protocol, access);
    const between = await connectProxy({ access: proxied });
    const proxy = { ...between.proxy, authorization: "Basic dXNlcjpwYXNz" };
    await dialerFor(address, protocol, { proxy }).open();
    expect(between.requests[0]).toContain("\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n");
  });

  test.each([
    { when: "before the proxy answers", answer: () => undefined },
    { when: "within the proxy's head", answer: (socket: Socket) => void socket.write("HTTP/1.1 200 O") },
    {
      when: "within the handshake behind it",
      answer: (socket: Socket) => void socket.write("HTTP/1.1 200 OK\r\n\r\n"),
    },
  ])("a dial that is aborted, or late, $when leaves nothing behind", async ({ answer }) => {
    const address = await serverFor(protocol, access);
    const asked = Promise.withResolvers<void>();
    const between = await connectProxy({
      access: proxied,
      answer: (socket) => {
        answer(socket);
        asked.resolve();
      },
    });
    const { dial } = dialerFor(address, protocol, { proxy: between.proxy });
    expect(await dial({ timeoutMs: 100 })).toMatchObject({ type: "timeout" });
    await between.allClosed();
    const aborting = new AbortController();
    const dialed = dial({ signal: aborting.signal });
    await asked.promise;
    aborting.abort();
    expect(await dialed).toEqual({ type: "aborted" });
    await between.allClosed();
  });
});

test.each<{ access: Access; proxied: Access }>([
  { access: "cleartext", proxied: "cleartext" },
  { access: "TLS", proxied: "cleartext" },
  { access: "cleartext", proxied: "TLS" },
  { access: "TLS", proxied: "TLS" },
])("over $access through a proxy over $proxied a connection that is lost before the answer is lost", async (way) => {
  const { certificate: ca, key } = await sharedCertificate();
  let asked = Promise.withResolvers<void>();
  const onSocket = (socket: Socket): void => {
    socket.on("error", () => undefined).once("data", () => asked.resolve());
  };
  const isSecure = way.access === "TLS";
  const server = isSecure ? createTlsServer({ cert: ca, key }, onSocket) : createServer(onSocket);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const tls = isSecure ? { serverName: "localhost", ca, verify: true } : undefined;
  const between = await connectProxy({ access: way.proxied });
  const { dial } = dialerFor({ transport: { type: "tcp", host: "127.0.0.1", port }, tls }, "h1", between);
  for (const how of ["reset", "end"] as const) {
    asked = Promise.withResolvers();
    const dialed = dial();
    await asked.promise;
    between.loseConnections(how);
    expect(await dialed).toMatchObject({ type: "lost" });
  }
});

describe("a proxy", () => {
  const somewhere: UpstreamAddress = { transport: { type: "tcp", host: "2001:db8::1", port: 81 }, tls: undefined };
  const page = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno";

  test("is asked for an IPv6 address in brackets", async () => {
    const between = await connectProxy({ answer: (socket) => socket.end() });
    await dialerFor(somewhere, "h1", { proxy: between.proxy }).dial();
    expect(between.requests).toEqual(["CONNECT [2001:db8::1]:81 HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n"]);
  });

  test.each([
    { what: "refuses", says: page, status: 407, body: "no" },
    { what: "refuses and ends before its body is whole", says: page.slice(0, -1), status: 407, body: "n" },
    {
      what: "redirects",
      says: "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
      status: 302,
      body: "",
    },
  ])("that $what has its answer told", async ({ says, status, body }) => {
    for (const protocol of ["h1", "h2"] as const) {
      const between = await connectProxy({ answer: (socket) => socket.end(says) });
      const result = await dialerFor(somewhere, protocol, { proxy: between.proxy }).dial();
      if (result.type !== "proxy-refused") throw new Error(result.type);
      expect({ ...result.rejection, body: String(result.rejection.body) }).toMatchObject({ status, body });
      await between.allClosed();
    }
  });

  test.each([
    { what: "answers something else", says: "SSH-2.0-OpenSSH\r\n", detail: "not HTTP/1.x" },
    { what: "switches protocols", says: "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", detail: "101 to a CONNECT" },
    {
      what: "never comes to the end of its head",
      says: `HTTP/1.1 200 OK\r\na: ${"b".repeat(17_000)}`,
      detail: "head above 16 KiB",
    },
  ])("that $what breaks a rule", async ({ says, detail }) => {
    for (const protocol of ["h1", "h2"] as const) {
      const between = await connectProxy({ answer: (socket) => socket.end(says) });
      const result = await dialerFor(somewhere, protocol, { proxy: between.proxy }).dial();
      expect(result).toEqual({ type: "proxy-invalid", detail });
      await between.allClosed();
    }
  });

  test("that ends without an answer leaves no connection", async () => {
    const between = await connectProxy({ answer: (socket) => socket.end() });
    const result = await dialerFor(somewhere, "h1", { proxy: between.proxy }).dial();
    expect(result).toMatchObject({ type: "failed", at: "connection", error: { code: "ECONNRESET" } });
  });

  test("with any success has made the connection, whatever length it says it has", async () => {
    const between = await connectProxy({
      answer: (socket) => {
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 Fine\r\nContent-Length: 9\r\n\r\n");
        socket.once("data", (head: Buffer) => socket.write(switching(head.toString("latin1"))));
      },
    });
    expect((await dialerFor(somewhere, "h1", { proxy: between.proxy }).open()).httpVersion).toBe("1.1");
  });

  test("that nobody vouches for is not told whom we want", async () => {
    const between = await connectProxy({ access: "TLS" });
    const address: UpstreamAddress = {
      ...between.proxy.address,
      tls: { serverName: "localhost", ca: undefined, verify: true },
    };
    const proxy = { ...between.proxy, address, secure: trySecure(address) };
    const result = await dialerFor(somewhere, "h1", { proxy }).dial();
    expect(result).toMatchObject({ type: "failed", at: "tls", error: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    expect(between.requests).toEqual([]);
    await between.allClosed();
  });

  test("does not vouch for the server behind it", async () => {
    const address = await serverFor("h1", "TLS");
    const between = await connectProxy({ access: "TLS" });
    const unknown: UpstreamAddress = { ...address, tls: { serverName: "localhost", ca: undefined, verify: true } };
    const result = await dialerFor(unknown, "h1", { proxy: between.proxy }).dial();
    expect(result).toMatchObject({ type: "failed", at: "tls", error: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    await between.allClosed();
  });

  test("that is asked for a unix socket cannot be", async () => {
    const between = await connectProxy();
    const unix: UpstreamAddress = { transport: { type: "unix", path: "/nowhere" }, tls: undefined };
    await expect(dialerFor(unix, "h1", { proxy: between.proxy }).dial()).rejects.toThrow(TypeError);
  });
});
