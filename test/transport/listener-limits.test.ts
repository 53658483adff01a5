import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConnectionGate } from "../../src/transport/connection-gate.ts";
import {
  AmpleLimits,
  listenFor,
  LongDeadlines,
  readToEnd,
  sharedCertificate,
  type ListenerUnderTest,
} from "../support/listening.ts";
import { EachWayIn, openEcho } from "../support/live-echo.ts";
import { clientHello } from "../support/client-hello-bytes.ts";

/** A TCP connection to `listening` from `address` that is reset at once. */
async function expectReset(listening: ListenerUnderTest, address = "127.0.0.1"): Promise<void> {
  const socket = connect({ port: listening.port, host: "127.0.0.1", localAddress: address });
  await expect(once(socket, "end")).rejects.toMatchObject({ code: "ECONNRESET" });
}

describe.each(EachWayIn)("over $access, HTTP/$version", ({ access, version }) => {
  test("connections in all: one too many is reset and counted, and nobody else feels it", async () => {
    const gate = new ConnectionGate({ ...AmpleLimits, maxConnections: 2 });
    const listening = await listenFor(access, {}, gate);
    const way = { listening, access, version };
    const [first, second] = [await openEcho(way), await openEcho(way)];
    await expectReset(listening);
    await expectReset(listening);
    expect(listening.failures).toEqual(["limit", "limit"]);
    await Promise.all([first.roundTrip(), second.roundTrip()]);
    first.socket.destroy();
    await listening.until("one left", () => gate.connections === 1);
    await (await openEcho(way)).roundTrip();
    await second.roundTrip();
  });

  test("connections in all are those of every listener with the same gate", async () => {
    const gate = new ConnectionGate({ ...AmpleLimits, maxConnections: 1 });
    const [listening, other] = [await listenFor(access, {}, gate), await listenFor(access, {}, gate)];
    const echo = await openEcho({ listening, access, version });
    await expectReset(other);
    expect([...listening.failures, ...other.failures]).toEqual(["limit"]);
    await echo.roundTrip();
  });

  test("connections of an address: one too many is reset and counted, and its neighbour does not feel it", async () => {
    const gate = new ConnectionGate({ ...AmpleLimits, maxConnectionsPerAddress: 1 });
    const listening = await listenFor(access, {}, gate);
    const way = { listening, access, version };
    const first = await openEcho(way, await listening.connectTcp("127.0.0.1"));
    const neighbour = await openEcho(way, await listening.connectTcp("127.0.0.2"));
    await expectReset(listening, "127.0.0.1");
    await expectReset(listening, "127.0.0.2");
    expect(listening.failures).toEqual(["address-limit", "address-limit"]);
    await Promise.all([first.roundTrip(), neighbour.roundTrip()]);
    first.socket.destroy();
    await listening.until("one left", () => gate.connections === 1);
    await (await openEcho(way, await listening.connectTcp("127.0.0.1"))).roundTrip();
    await neighbour.roundTrip();
  });
});

describe.each(EachWayIn.filter(({ access }) => access === "TLS"))(
  "handshakes, HTTP/$version",
  ({ access, version }) => {
    const one = { ...AmpleLimits, maxHandshakes: 1 };
    /** Nobody's turn comes. */
    const none = { ...AmpleLimits, maxHandshakes: 0 };

    test("many at once are all served, one after the other", async () => {
      const listening = await listenFor(access, {}, new ConnectionGate(one));
      const way = { listening, access, version };
      const echoes = await Promise.all(Array.from({ length: 40 }, () => openEcho(way)));
      await Promise.all(echoes.map((echo) => echo.roundTrip()));
      expect(listening.failures).toEqual([]);
    });

    test("clients that are silent, slow, or leave the handshake unfinished keep nobody waiting", async () => {
      const gate = new ConnectionGate(one);
      const listening = await listenFor(access, {}, gate);
      const hello = await clientHello();
      for (const bytes of [0, 1, 100, hello.length]) {
        const socket = await listening.connectTcp();
        socket.write(hello.subarray(0, bytes));
      }
      await listening.until("accepted", () => gate.connections === 4);
      await (await openEcho({ listening, access, version })).roundTrip();
      expect(listening.failures).toEqual([]);
      expect(gate.handshakes.waiting).toBe(0);
    });

    test("who waits too long for its turn is closed; live ones do not feel it", async () => {
      const gate = new ConnectionGate(one);
      const deadlines = { ...LongDeadlines, handshakeMs: 200 };
      const listening = await listenFor(access, { deadlines }, gate);
      const echo = await openEcho({ listening, access, version });
      gate.update(none);
      const waiting = await listening.connectTcp();
      waiting.write(await clientHello());
      await listening.until("waiting", () => gate.handshakes.waiting === 1);
      await echo.roundTrip();
      expect(await readToEnd(waiting)).toBe("");
      expect(listening.failures).toEqual(["deadline"]);
      expect(gate.handshakes.waiting).toBe(0);
      await echo.roundTrip();
    });

    test.each([
      { how: "ends", leave: (socket: Socket) => void socket.end() },
      { how: "resets", leave: (socket: Socket) => void socket.resetAndDestroy() },
    ])("who waits and $how the connection is found and leaves the queue", async ({ leave }) => {
      const gate = new ConnectionGate(none);
      const listening = await listenFor(access, {}, gate);
      const socket = await listening.connectTcp();
      socket.write(await clientHello());
      await listening.until("waiting", () => gate.handshakes.waiting === 1);
      leave(socket);
      await listening.untilNoConnections();
      expect(listening.failures).toEqual(["client-left"]);
      expect(gate.handshakes.waiting).toBe(0);
      expect(gate.connections).toBe(0);
    });

    test("who waited is served as if it had not", async () => {
      const gate = new ConnectionGate(none);
      const listening = await listenFor(access, {}, gate);
      const { certificate: ca } = await sharedCertificate();
      const alpn = version === "2" ? "h2" : "http/1.1";
      const socket = connectTls({ port: listening.port, host: "127.0.0.1", ca, ALPNProtocols: [alpn] });
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => undefined);
      await listening.until("waiting", () => gate.handshakes.waiting === 1);
      gate.update(one);
      await once(socket, "secureConnect");
      expect(socket.alpnProtocol).toBe(alpn);
      await listening.until("opened", () => listening.opened.length === 1);
      expect(listening.opened[0]).toMatchObject({ httpVersion: version, remoteAddress: "127.0.0.1" });
    });
  },
);
