import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { dialerFor } from "../support/client-dialing.ts";
import { switching } from "../support/dialing.ts";
import { h2Origin } from "../support/h2-origin.ts";
import { sharedCertificate } from "../support/listening.ts";
import { nodeServer } from "../support/node-servers.ts";
import { scriptedUpstream } from "../support/scripted-upstream.ts";

/** A server with TLS that takes WebSockets over HTTP/1.1 where HTTP/1.1 or nothing is agreed on, and ends all else. */
async function tlsServer(alpn: readonly string[] | undefined, onOther = (socket: Socket): void => void socket.end()) {
  const { certificate: ca, key } = await sharedCertificate();
  const agreed: (string | false | null)[] = [];
  const sockets = new Set<Socket>();
  const server = createTlsServer({ cert: ca, key, ...(alpn && { ALPNProtocols: [...alpn] }) });
  server.on("connection", (socket: Socket) => void sockets.add(socket.on("error", () => undefined)));
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket: TLSSocket) => {
    agreed.push(socket.alpnProtocol);
    socket.on("error", () => undefined);
    if (socket.alpnProtocol === "h2") onOther(socket.resume());
    else socket.once("data", (head: Buffer) => socket.write(switching(head.toString("latin1"))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const address: UpstreamAddress = {
    transport: { type: "tcp", host: "127.0.0.1", port },
    tls: { serverName: "localhost", ca, verify: true },
  };
  const openSockets = (): number => [...sockets].filter((socket) => !socket.destroyed).length;
  return { address, agreed, openSockets };
}

describe("a dialer that is free to choose", () => {
  test("takes HTTP/2 where the server prefers that", async () => {
    const origin = await h2Origin({ access: "TLS", allowHTTP1: true });
    expect((await dialerFor(origin.address, "auto").open()).httpVersion).toBe("2");
  });

  test.each([
    { what: "agrees on HTTP/1.1", alpn: ["http/1.1"], agreed: "http/1.1" },
    { what: "agrees on nothing", alpn: undefined, agreed: false },
  ])("goes on over HTTP/1.1 on the connection on which the server $what", async ({ alpn, agreed: protocol }) => {
    const { address, agreed } = await tlsServer(alpn);
    expect((await dialerFor(address, "auto").open()).httpVersion).toBe("1.1");
    expect(agreed).toEqual([protocol]);
  });

  test("takes HTTP/1.1 for each of those who have waited for the same answer", async () => {
    const { address, agreed } = await tlsServer(["http/1.1"]);
    const { open } = dialerFor(address, "auto");
    const opened = await Promise.all([open(), open(), open()]);
    expect(opened.map(({ httpVersion }) => httpVersion)).toEqual(["1.1", "1.1", "1.1"]);
    expect(agreed).toEqual(["http/1.1", "http/1.1", "http/1.1"]);
  });

  test("takes HTTP/1.1 on another connection where HTTP/2 has no Extended CONNECT, and remembers it for a while", async () => {
    const server = await twoFaced();
    let nowMs = 0;
    const { open } = dialerFor(server.address, "auto", { nowMs: () => nowMs });
    expect((await open()).httpVersion).toBe("1.1");
    expect(server.agreed).toEqual(["h2", "http/1.1"]);
    nowMs += 299_999;
    await open();
    expect(server.agreed).toEqual(["h2", "http/1.1", "http/1.1"]);
    nowMs += 1;
    await open();
    expect(server.agreed).toEqual(["h2", "http/1.1", "http/1.1", "h2", "http/1.1"]);
  });

  test("takes HTTP/1.1 where HTTP/2 ends before it has begun, and does not remember it", async () => {
    const { address, agreed } = await tlsServer(["h2", "http/1.1"]);
    const { open } = dialerFor(address, "auto");
    await open();
    await open();
    expect(agreed).toEqual(["h2", "http/1.1", "h2", "http/1.1"]);
  });

  test("takes HTTP/1.1 without TLS", async () => {
    const upstream = await scriptedUpstream((socket, head) => socket.write(switching(head)));
    expect((await dialerFor(upstream.address, "auto").open()).httpVersion).toBe("1.1");
  });
});

/** An HTTP/2 server without Extended CONNECT that speaks HTTP/1.1 too. */
async function twoFaced() {
  // An empty SETTINGS frame says nothing of it.
  return tlsServer(["h2", "http/1.1"], (socket) => void socket.write(Buffer.from("000000040000000000", "hex")));
}

describe("a dialer that wants HTTP/2", () => {
  test("offers nothing else, and has no other way", async () => {
    const { address, agreed, openSockets } = await tlsServer(["http/1.1"]);
    expect(await dialerFor(address, "h2").dial()).toMatchObject({
      type: "http2-unavailable",
      error: { code: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL" },
    });
    expect(agreed).toEqual([]);
    await expect.poll(openSockets).toBe(0);
  });

  test("leaves a server that agrees on nothing", async () => {
    const { address, openSockets } = await tlsServer(undefined);
    const { dial } = dialerFor(address, "h2");
    expect(await dial()).toEqual({ type: "http2-unavailable", error: undefined });
    expect(await dial()).toEqual({ type: "http2-unavailable", error: undefined });
    await expect.poll(openSockets).toBe(0);
  });

  test("leaves a server without Extended CONNECT, over TLS and without", async () => {
    const secure = await twoFaced();
    expect(await dialerFor(secure.address, "h2").dial()).toEqual({ type: "http2-unavailable", error: undefined });
    await expect.poll(secure.openSockets).toBe(0);
    const plain = await h2Origin({ settings: { enableConnectProtocol: false } });
    expect(await dialerFor(plain.address, "h2").dial()).toEqual({ type: "http2-unavailable", error: undefined });
    await plain.until(() => plain.connections.open === 0);
    expect(plain.streams).toEqual([]);
  });

  test("leaves a server that speaks HTTP/1.1", async () => {
    const { port, server } = await nodeServer("node:http");
    const address: UpstreamAddress = { transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined };
    expect(await dialerFor(address, "h2").dial()).toEqual({ type: "http2-unavailable", error: undefined });
    await expect.poll(() => promisify(server.getConnections.bind(server))()).toBe(0);
  });
});

describe("a dialer that wants HTTP/1.1", () => {
  test("offers nothing else", async () => {
    const { address, agreed } = await tlsServer(["h2", "http/1.1"]);
    expect((await dialerFor(address, "h1").open()).httpVersion).toBe("1.1");
    expect(agreed).toEqual(["http/1.1"]);
  });
});

test.each([
  { what: "a path that is none", broken: { path: "chat" } },
  { what: "an authority that is none", broken: { authority: "a b" } },
  { what: "a value that would inject a field", broken: { fields: ["a", "b\r\nc: d"] } },
  { what: "a name that would inject a field", broken: { fields: ["a: b\r\nc", "d"] } },
  { what: "a subprotocol that would inject a field", broken: { subprotocols: ["a\r\nb: c"] } },
  { what: "extensions that would inject a field", broken: { extensions: "a\r\nb: c" } },
])("nothing is sent with $what, over either HTTP version", async ({ broken }) => {
  const origin = await h2Origin();
  for (const protocol of ["h1", "h2"] as const) {
    await expect(dialerFor(origin.address, protocol).dial(broken)).rejects.toThrow(TypeError);
  }
  expect(origin.connections.made).toBe(0);
});
