import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { SocketByteStream } from "../../src/transport/socket-byte-stream.ts";
import { createReadBuffer, SocketEvents } from "../../src/transport/socket-events.ts";
import { describeByteStream } from "../contract/byte-stream.ts";
import { testCertificate, type TestCertificate } from "../support/certificates.ts";
import { farEndOf } from "../support/far-end.ts";
import { connectedSockets, securedSockets, type SocketPair } from "../support/socket-pair.ts";
import type { StreamPair } from "../support/stream-driver.ts";
import { NearObserver, turns } from "../support/stream-observers.ts";

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await testCertificate();
});

/** A stream pair on `sockets`, of which `nearEnd` is the end under test; `beneath` are the TCP sockets below TLS. */
function streamPair(
  sockets: SocketPair,
  nearEnd: keyof SocketPair,
  beneath: SocketPair = sockets,
  events?: SocketEvents,
): StreamPair {
  const farEnd = nearEnd === "client" ? "server" : "client";
  return {
    near: new SocketByteStream(sockets[nearEnd], { connection: beneath[nearEnd], events }),
    far: farEndOf(sockets[farEnd], { reset: () => void beneath[farEnd].resetAndDestroy(), resetCode: undefined }),
    loseConnection: () => sockets[nearEnd].destroy(),
    close: () => closeAll(sockets, beneath),
  };
}

function closeAll(...pairs: SocketPair[]): Promise<void> {
  for (const { client, server } of pairs) {
    client.destroy();
    server.destroy();
  }
  return Promise.resolve();
}

describeByteStream("TCP", async () => streamPair(await connectedSockets(), "server"));

const shared = createReadBuffer();
describeByteStream("TCP that is read into shared memory", async () => {
  const events = new SocketEvents(shared);
  const sockets = await connectedSockets(undefined, events.onread);
  events.watch(sockets.client);
  // It was accepted paused.
  sockets.server.resume();
  return streamPair(sockets, "client", sockets, events);
});

for (const nearEnd of ["client", "server"] as const) {
  describeByteStream(`TLS as ${nearEnd}`, async () => {
    const beneath = await connectedSockets();
    return streamPair(await securedSockets(beneath, certificate), nearEnd, beneath);
  });
}

test("delivers the bytes behind the head of the opening first", async () => {
  const { client, server } = await openSockets();
  client.write("third");
  await once(server, "readable");
  const stream = new SocketByteStream(server, { head: Buffer.from("first, second, ") });
  const observer = started(stream);
  await observer.until("all bytes", () => observer.receivedBytes === 20);
  expect(observer.received.toString()).toBe("first, second, third");
});

test("takes over a socket that would have ended with its peer, and timed out", async () => {
  const { client, server } = await openSockets();
  server.allowHalfOpen = false;
  server.setTimeout(1, () => server.destroy());
  const stream = new SocketByteStream(server);
  const observer = started(stream);
  client.end();
  await observer.until("the end", () => observer.ends === 1);
  stream.write(Buffer.from("still open"), 0, 10, "kept");
  const [answer] = await once(client, "data");
  expect(String(answer)).toBe("still open");
  expect(server.timeout).toBe(0);
});

test("asks TCP to find out a host that is gone, beneath TLS too", async () => {
  const beneath = await openSockets();
  const { server } = await securedSockets(beneath, certificate);
  const keepAlive = vi.spyOn(beneath.server, "setKeepAlive");
  started(new SocketByteStream(server, { connection: beneath.server }));
  expect(keepAlive).toHaveBeenCalledExactlyOnceWith(true, 60_000);
});

test("loses nothing of a socket that flowed before", async () => {
  const { client, server } = await openSockets();
  server.resume();
  const stream = new SocketByteStream(server);
  client.write("early");
  await turns();
  const observer = started(stream);
  await observer.until("all bytes", () => observer.receivedBytes === 5);
  expect(observer.received.toString()).toBe("early");
});

test("serves what an http server upgraded, head and all", async () => {
  const listening = createHttpServer();
  const upgraded = new Promise<NearObserver>((resolve) => {
    listening.on("upgrade", (_request, socket, head) =>
      resolve(started(new SocketByteStream(socket as Socket, { head }))),
    );
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect({ port: (listening.address() as AddressInfo).port, host: "127.0.0.1" });
  onTestFinished(() => {
    client.destroy();
    listening.close();
  });
  client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
  const observer = await upgraded;
  client.write(", late");
  await observer.until("all bytes", () => observer.receivedBytes === 11);
  expect(observer.received.toString()).toBe("early, late");
});

test.each([
  { code: "ECONNRESET", ending: { type: "reset", code: undefined } },
  { code: "EPIPE", ending: { type: "reset", code: undefined } },
  { code: "ETIMEDOUT", ending: { type: "connection-lost" } },
  { code: "EHOSTUNREACH", ending: { type: "connection-lost" } },
  { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", ending: { type: "connection-lost" } },
])("ends as $ending.type on $code", async ({ code, ending }) => {
  const { server } = await openSockets();
  const observer = started(new SocketByteStream(server));
  server.destroy(Object.assign(new Error("made by the test"), { code }));
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual(ending);
});

test("tells a consumer that comes after the socket is gone", async () => {
  const { server } = await openSockets();
  server.destroy();
  await once(server, "close");
  const observer = started(new SocketByteStream(server, { head: Buffer.from("too late") }));
  await observer.until("onClose", () => observer.ending !== undefined);
  expect({ ending: observer.ending, calls: observer.calls }).toEqual({ ending: { type: "connection-lost" }, calls: 1 });
});

test("tells the close once to a consumer that comes amid it", async () => {
  const { server } = await openSockets();
  const comes = Promise.withResolvers<NearObserver>();
  server.once("close", () => comes.resolve(started(stream)));
  const stream = new SocketByteStream(server);
  server.destroy();
  const observer = await comes.promise;
  await observer.until("onClose", () => observer.ending !== undefined);
  await turns();
  expect(observer.breaches).toEqual([]);
  expect(observer.calls).toBe(1);
});

test("ends TLS without close_notify like TCP with FIN", async () => {
  const beneath = await openSockets();
  const { client, server } = await securedSockets(beneath, certificate);
  const stream = new SocketByteStream(server, { connection: beneath.server });
  const observer = started(stream);
  client.write("last words");
  await observer.until("the bytes", () => observer.receivedBytes === 10);
  beneath.client.end();
  await observer.until("the end", () => observer.ends === 1);
  stream.end();
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual({ type: "ended" });
});

test("can be aborted from within the end of the TLS handshake", async () => {
  const beneath = await openSockets();
  const secureContext = createSecureContext({ cert: certificate.certificate, key: certificate.key });
  const server = new TLSSocket(beneath.server, { isServer: true, secureContext });
  const client = connectTls({ socket: beneath.client, rejectUnauthorized: false });
  client.on("error", () => undefined);
  const stream = new SocketByteStream(server, { connection: beneath.server });
  server.once("secure", () => stream.abort("cancel"));
  const observer = started(stream);
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual({ type: "aborted", reason: "cancel" });
});

describe("a unix socket", () => {
  test("carries bytes both ways and ends", async () => {
    const { client, server } = await openSockets(await unixPath());
    const stream = new SocketByteStream(server);
    const observer = started(stream);
    client.end("question");
    await observer.until("the end", () => observer.ends === 1);
    stream.write(Buffer.from("answer"), 0, 6, "kept");
    stream.end();
    const [answer] = await once(client, "data");
    expect([observer.received.toString(), String(answer)]).toEqual(["question", "answer"]);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
  });

  test("has no reset: an abort closes it", async () => {
    const { client, server } = await openSockets(await unixPath());
    const stream = new SocketByteStream(server);
    const observer = started(stream);
    stream.abort("cancel");
    client.resume();
    await once(client, "end");
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "aborted", reason: "cancel" });
  });
});

test("closes TLS of which the connection is not known when aborted", async () => {
  const beneath = await openSockets();
  const { client, server } = await securedSockets(beneath, certificate);
  const stream = new SocketByteStream(server);
  const observer = started(stream);
  client.resume();
  stream.abort("cancel");
  await once(client, "end");
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual({ type: "aborted", reason: "cancel" });
});

function started(stream: SocketByteStream): NearObserver {
  const observer = new NearObserver(stream);
  stream.start(observer);
  return observer;
}

async function openSockets(path?: string): Promise<SocketPair> {
  const sockets = await connectedSockets(path);
  onTestFinished(() => closeAll(sockets));
  return sockets;
}

async function unixPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "socket");
}
