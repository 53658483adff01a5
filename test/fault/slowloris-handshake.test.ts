import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { listenFor, LongDeadlines } from "../support/listening.ts";
import { Preface, RawH2Client, settingsFrame } from "../support/raw-h2.ts";
import {
  collect,
  DeadlineMs,
  EachWay,
  expectInTime,
  expectServing,
  sendSlowly,
  timeToClose,
} from "../support/slow-client.ts";

describe("handshake", () => {
  const deadlines = { ...LongDeadlines, handshakeMs: DeadlineMs };

  test.each(EachWay)("a client that is $pace from the first byte on, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const socket = await listening.connectTcp();
    collect(socket);
    const clientHello = Buffer.alloc(512);
    clientHello.write("1603010200010001fc0303", "hex");
    sendSlowly(socket, access === "TLS" ? clientHello : Preface, pace, 0);
    expectInTime(await timeToClose(listening, startMs));
    expect(listening.failures).toEqual(["deadline"]);
    expect(listening.opened).toEqual([]);
    await expectServing(listening);
  });

  test.each(EachWay)("an HTTP/2 client that is $pace within its preface, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const socket = await listening.connect(["h2"]);
    collect(socket);
    sendSlowly(socket, Preface, pace, 10);
    expectInTime(await timeToClose(listening, startMs));
    expect([...listening.failures, ...listening.refusals]).toEqual(["deadline"]);
    await expectServing(listening);
  });

  test.each(EachWay)("an HTTP/2 client that is $pace within its SETTINGS, over $access", async ({ access, pace }) => {
    const listening = await listenFor(access, { deadlines });
    const startMs = performance.now();
    const client = new RawH2Client(await listening.connect(["h2"]));
    client.acknowledges = false;
    client.send(Preface);
    const many = Array.from({ length: 10 }, () => [3, 100] as const);
    sendSlowly(client.socket, settingsFrame(many), pace, 12);
    expectInTime(await timeToClose(listening, startMs));
    expect(listening.refusals).toEqual(["deadline"]);
    expect(listening.closed).toEqual(listening.opened);
    await expectServing(listening);
  });

  test("the time runs from the TCP connection on, not from the TLS handshake", async () => {
    const listening = await listenFor("TLS", { deadlines: { ...LongDeadlines, handshakeMs: 2 * DeadlineMs } });
    const startMs = performance.now();
    const tcp = await listening.connectTcp();
    await new Promise((resolve) => setTimeout(resolve, DeadlineMs));
    const socket = connectTls({
      socket: tcp,
      servername: "localhost",
      ALPNProtocols: ["h2"],
      ...(listening.ca === undefined ? {} : { ca: listening.ca }),
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    const client = new RawH2Client(socket);
    client.acknowledges = false;
    client.send(Preface);
    expectInTime(await timeToClose(listening, startMs), 2 * DeadlineMs);
    expect(listening.refusals).toEqual(["deadline"]);
  });
});
