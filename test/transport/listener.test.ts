import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConnectionGate } from "../../src/transport/connection-gate.ts";
import { Listener } from "../../src/transport/listener.ts";
import type { ConnectionFailure } from "../../src/transport/listener-observer.ts";
import type { OpeningRequest } from "../../src/protocol/handshake/opening-request.ts";
import type { AlpnProtocol } from "../../src/transport/tls-server.ts";
import { cutAt } from "../support/cuts.ts";
import {
  AmpleLimits,
  listenerOptions,
  listenFor,
  readToEnd,
  readUntil,
  upgradeRequest,
  type Access,
  type ListenerUnderTest,
} from "../support/listening.ts";
import { connectFields, headersFrame, Preface, settingsFrame } from "../support/raw-h2.ts";
import { turns } from "../support/stream-observers.ts";

const Accesses: readonly Access[] = ["TLS", "cleartext"];

/** A TLS connection attempt: the error it meets, or the protocol agreed on. */
async function tryTls(listening: ListenerUnderTest, options: ConnectionOptions): Promise<string> {
  const socket = connectTls({
    port: listening.port,
    host: "127.0.0.1",
    servername: "localhost",
    ...(listening.ca === undefined ? {} : { ca: listening.ca }),
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  return await new Promise((resolve) => {
    socket.once("secureConnect", () => resolve(String(socket.alpnProtocol)));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("TLS", () => {
  const both: AlpnProtocol[] = ["h2", "http/1.1"];

  test.each<{ offered: string[] | undefined; protocols: AlpnProtocol[]; agreed: string; httpVersion: "1.1" | "2" }>([
    { offered: ["h2", "http/1.1"], protocols: both, agreed: "h2", httpVersion: "2" },
    { offered: ["http/1.1", "h2"], protocols: both, agreed: "h2", httpVersion: "2" },
    { offered: ["spdy/3", "http/1.1"], protocols: both, agreed: "http/1.1", httpVersion: "1.1" },
    { offered: undefined, protocols: both, agreed: "false", httpVersion: "1.1" },
    { offered: ["h2", "http/1.1"], protocols: ["http/1.1"], agreed: "http/1.1", httpVersion: "1.1" },
    { offered: ["http/1.1", "h2"], protocols: ["h2"], agreed: "h2", httpVersion: "2" },
  ])(
    "agrees on $agreed with $offered where $protocols is spoken",
    async ({ offered, protocols, agreed, httpVersion }) => {
      const listening = await listenFor("TLS", { protocols });
      expect(await tryTls(listening, offered === undefined ? {} : { ALPNProtocols: offered })).toBe(agreed);
      await listening.until("opened", () => listening.opened.length === 1);
      expect(listening.opened[0]).toMatchObject({ httpVersion, secure: true, tls: { serverName: "localhost" } });
    },
  );

  test.each<{
    what: string;
    options: ConnectionOptions;
    protocols?: AlpnProtocol[];
    error: string;
    reason: ConnectionFailure;
  }>([
    {
      what: "no protocol of ours",
      options: { ALPNProtocols: ["spdy/3"] },
      error: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
      reason: "alpn",
    },
    {
      what: "TLS 1.1",
      options: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
      error: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      reason: "tls",
    },
    {
      what: "no cipher of ours",
      options: { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
      error: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
      reason: "tls",
    },
  ])("refuses a client with $what by an alert", async ({ options, error, reason }) => {
    const listening = await listenFor("TLS");
    expect(await tryTls(listening, options)).toBe(error);
    await listening.until("failed", () => listening.failures.length === 1);
    expect(listening.failures).toEqual([reason]);
    expect(listening.opened).toEqual([]);
    await listening.untilNoConnections();
  });

  test("takes TLS 1.2", async () => {
    const listening = await listenFor("TLS");
    expect(await tryTls(listening, { maxVersion: "TLSv1.2", ALPNProtocols: ["h2"] })).toBe("h2");
  });

  test("closes a client without ALPN where HTTP/1.1 is not spoken", async () => {
    const listening = await listenFor("TLS", { protocols: ["h2"] });
    const socket = await listening.connect([]);
    await readToEnd(socket);
    expect(listening.failures).toEqual(["alpn"]);
  });

  test.each([
    { what: "HTTP", bytes: "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n" },
    { what: "zeros", bytes: "\0".repeat(100) },
    { what: "a record beyond any length", bytes: "\x16\x03\x01\xff\xff" },
  ])("closes a client that sends $what for TLS", async ({ bytes }) => {
    const listening = await listenFor("TLS");
    const socket = await listening.connectTcp();
    socket.write(bytes, "latin1");
    await readToEnd(socket);
    await listening.until("failed", () => listening.failures.length === 1);
    expect(listening.failures).toEqual(["tls"]);
    await listening.untilNoConnections();
  });
});

describe("cleartext", () => {
  test.each<{ protocols: AlpnProtocol[]; bytes: string; failure: ConnectionFailure[] }>([
    { protocols: ["h2"], bytes: "GET / HTTP/1.1\r\n\r\n", failure: ["alpn"] },
    { protocols: ["http/1.1"], bytes: Preface.toString(), failure: ["alpn"] },
  ])("closes what it does not speak: $bytes where it speaks $protocols", async ({ protocols, bytes, failure }) => {
    const listening = await listenFor("cleartext", { protocols });
    const socket = await listening.connect();
    socket.write(bytes);
    expect(await readToEnd(socket)).toBe("");
    expect(listening.failures).toEqual(failure);
    socket.end();
    await listening.untilNoConnections();
  });

  test("speaks both versions on one port at once", async () => {
    const listening = await listenFor("cleartext");
    const [h1, h2] = [await listening.connect(), await listening.connectH2()];
    h2.send(headersFrame(1, connectFields("/two")));
    (await listening.nextOpening(1)).accept({});
    h1.write(upgradeRequest("/one"));
    (await listening.nextOpening(2)).accept({});
    expect(await h2.status(1)).toBe(200);
    expect(await readUntil(h1, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
    expect(listening.openings.map(({ request }) => [request.httpVersion, request.path])).toEqual([
      ["2", "/two"],
      ["1.1", "/one"],
    ]);
  });
});

describe.each(Accesses)("over %s", (access) => {
  const scheme = access === "TLS" ? "https" : "http";
  const openings: { version: string; alpn: string; bytes: Buffer }[] = [
    { version: "1.1", alpn: "http/1.1", bytes: Buffer.from(upgradeRequest("/cut", ["Sec-WebSocket-Protocol: a, b"])) },
    {
      version: "2",
      alpn: "h2",
      bytes: Buffer.concat([
        Preface,
        settingsFrame(),
        headersFrame(1, [...connectFields("/cut", scheme), ["sec-websocket-protocol", "a, b"]]),
      ]),
    },
  ];

  /** The request that comes of `chunks`, each of which arrives alone. */
  async function requestOf(listening: ListenerUnderTest, alpn: string, chunks: readonly Uint8Array[]) {
    const nth = listening.openings.length + 1;
    const socket = await listening.connect([alpn]);
    for (const chunk of chunks) {
      socket.write(chunk);
      await turns(1);
    }
    const { request } = await listening.nextOpening(nth);
    socket.destroy();
    return request;
  }

  test.each(openings)(
    "HTTP/$version: each cut of an opening's bytes gives the same opening",
    async ({ alpn, bytes }) => {
      const listening = await listenFor(access);
      const whole: OpeningRequest = await requestOf(listening, alpn, [bytes]);
      expect(whole).toMatchObject({ path: "/cut", subprotocols: ["a", "b"] });
      expect(await requestOf(listening, alpn, cutAt(bytes, [1]))).toEqual(whole);
      const step = access === "TLS" ? 7 : 1;
      for (let cut = 1; cut < bytes.length; cut += step) {
        expect(await requestOf(listening, alpn, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
      }
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (sizes) => {
          expect(await requestOf(listening, alpn, cutAt(bytes, sizes))).toEqual(whole);
        }),
        { numRuns: 20 },
      );
      await listening.untilNoConnections();
    },
  );

  test("tells of each connection that it opened and closed, with the same facts", async () => {
    const listening = await listenFor(access);
    const [h1, h2] = [await listening.connect(), await listening.connectH2()];
    h1.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    await listening.until("two connections", () => listening.opened.length === 2);
    expect(listening.listener.openConnections).toBe(2);
    h1.destroy();
    await h2.close();
    await listening.untilNoConnections();
    await listening.until("two closes", () => listening.closed.length === 2);
    expect(new Set(listening.closed)).toEqual(new Set(listening.opened));
    expect(new Set(listening.opened.map(({ id }) => id))).toEqual(new Set([1, 2]));
    expect(listening.failures).toEqual([]);
  });

  test("numbers its connections as it is told to", async () => {
    let last = 41;
    const listening = await listenFor(access, { nextConnectionId: () => ++last });
    await listening.connectH2();
    expect(listening.opened.map(({ id }) => id)).toEqual([42]);
  });

  test.each([
    { when: "before a byte", bytes: 0 },
    { when: "after a few bytes", bytes: 3 },
  ])("counts a client that leaves $when", async ({ bytes }) => {
    const listening = await listenFor(access);
    const socket = await listening.connectTcp();
    socket.write(Buffer.from("\x16\x03\x01").subarray(0, access === "TLS" ? bytes : 0));
    socket.write(Buffer.from("PRI").subarray(0, access === "TLS" ? 0 : bytes));
    await listening.until("accepted", () => listening.listener.openConnections === 1);
    socket.end();
    await listening.untilNoConnections();
    expect(listening.failures).toEqual(["client-left"]);
    expect(listening.opened).toEqual([]);
  });

  test("keeps what is open when it stops accepting", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    socket.write(upgradeRequest());
    const stream = (await listening.nextOpening()).accept({});
    await readUntil(socket, "\r\n\r\n");
    listening.listener.stopAccepting();
    listening.listener.stopAccepting();
    await expect(listening.connectTcp()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    stream.write(Buffer.from("alive"), 0, 5, "kept");
    expect(await readUntil(socket, "alive")).toBe("alive");
  });

  test("closes every connection at destroy, however far it is", async () => {
    const listening = await listenFor(access);
    const sockets: Socket[] = [await listening.connectTcp(), await listening.connect()];
    const [early, h1, h2] = [await listening.connectTcp(), await listening.connect(), await listening.connectH2()];
    early.write(access === "TLS" ? "\x16\x03\x01" : "PRI * HTTP", "latin1");
    h1.write(upgradeRequest());
    (await listening.nextOpening(1)).accept({});
    h2.send(headersFrame(1, connectFields()), headersFrame(3, connectFields()));
    (await listening.nextOpening(2)).accept({});
    await listening.nextOpening(3);
    sockets.push(early, h1, h2.socket);
    await listening.until("five", () => listening.listener.openConnections === 5);
    const ends = sockets.map(async (socket) => {
      socket.resume();
      await Promise.race([once(socket, "end"), once(socket, "close")]);
    });
    await listening.listener.destroy();
    expect(listening.listener.openConnections).toBe(0);
    await Promise.all(ends);
    await listening.listener.destroy();
  });
});

describe("a port", () => {
  const observer = { connectionOpened() {}, connectionClosed() {}, connectionFailed() {} };
  const sink = { opening() {}, exchange() {}, refused() {}, abused() {}, failed() {} };
  const freshListener = () => new Listener(listenerOptions(undefined), new ConnectionGate(AmpleLimits), sink, observer);

  test("that is taken makes listen fail, and destroy has nothing to wait for", async () => {
    const first = freshListener();
    const { port } = await first.listen({ host: "127.0.0.1", port: 0 });
    const second = freshListener();
    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.destroy();
    await first.destroy();
    const third = freshListener();
    expect((await third.listen({ host: "127.0.0.1", port })).port).toBe(port);
    await third.destroy();
  });

  test("that was never bound needs no destroy, and stands one", async () => {
    await freshListener().destroy();
  });
});
