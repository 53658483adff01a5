import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConnectionGate } from "../../src/transport/connection-gate.ts";
import { testCertificate } from "../support/certificates.ts";
import { clientHello } from "../support/client-hello-bytes.ts";
import {
  AmpleLimits,
  DefaultH2,
  listenFor,
  listenerOptions,
  LongDeadlines,
  readToEnd,
  readUntil,
  sharedCertificate,
  type Access,
  type ListenerUnderTest,
} from "../support/listening.ts";
import { EachWayIn, openEcho } from "../support/live-echo.ts";
import { FrameType } from "../support/raw-h2.ts";
import { turns } from "../support/stream-observers.ts";

const MaxConcurrentStreams = 3;

/** What a GET is answered on a new connection. */
async function statusOver(access: Access, listening: ListenerUnderTest): Promise<string> {
  const tcp = await listening.connectTcp();
  const socket = access === "TLS" ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp;
  onTestFinished(() => void socket.destroy());
  socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  return await readUntil(socket, "\r\n\r\n");
}

const certificateFor = async (access: Access) => (access === "TLS" ? await sharedCertificate() : undefined);

describe.each(EachWayIn)("over $access, HTTP/$version", ({ access, version }) => {
  test("a live stream stays through TLS and cleartext and back, and new connections get what there is now", async () => {
    const listening = await listenFor(access);
    const way = { listening, access, version };
    const live = await openEcho(way);
    const other = access === "TLS" ? "cleartext" : "TLS";
    listening.listener.update(listenerOptions(await certificateFor(other)));
    await live.roundTrip();
    listening.onExchange = (exchange) => exchange.respond({ status: 204, fields: [], body: "" });
    expect(await statusOver(other, listening)).toMatch(/^HTTP\/1\.1 204 /);
    listening.listener.update(listenerOptions(await certificateFor(access)));
    await (await openEcho(way)).roundTrip();
    await live.roundTrip();
    expect(listening.failures).toEqual([]);
  });

  test("a connection has the name it came in under", async () => {
    const listening = await listenFor(access);
    const live = await openEcho({ listening, access, version });
    listening.listener.update(listenerOptions(await certificateFor(access), { name: "renamed" }));
    await openEcho({ listening, access, version });
    expect(listening.opened.map(({ listener }) => listener)).toEqual(["main", "renamed"]);
    live.socket.destroy();
    await listening.until("closed", () => listening.closed.length === 1);
    expect(listening.closed).toEqual([listening.opened[0]]);
  });

  test.each(["refuseNew", "goAway", "destroy"] as const)("%s reaches those from before an update", async (how) => {
    const listening = await listenFor(access);
    const way = { listening, access, version };
    const before = await openEcho(way);
    listening.listener.update(listenerOptions(await certificateFor(access)));
    const after = await openEcho(way);
    if (how === "destroy") {
      const ends = [before, after].map(({ socket }) => readToEnd(socket));
      await listening.listener.destroy();
      await Promise.all(ends);
      return;
    }
    listening.listener[how]();
    // Streams live on.
    await Promise.all([before.roundTrip(), after.roundTrip()]);
    listening.listener.update(listenerOptions(await certificateFor(access)));
    listening.onExchange = (exchange) => exchange.respond({ status: 204, fields: [], body: "" });
    const socket = await listening.connect();
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe.each(["TLS", "cleartext"] as const)("over %s", (access) => {
  test("idle connections of HTTP/1.1 from before an update are closed by goAway", async () => {
    const listening = await listenFor(access);
    listening.onExchange = (exchange) => exchange.respond({ status: 204, fields: [], body: "" });
    const idle = await listening.connect();
    idle.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    await readUntil(idle, "\r\n\r\n");
    // The answer is out on this side as well.
    await turns();
    listening.listener.update(listenerOptions(await certificateFor(access)));
    listening.listener.goAway();
    expect(await readToEnd(idle)).toBe("");
    idle.end();
  });

  test("connections of HTTP/2 from before an update get GOAWAY", async () => {
    const listening = await listenFor(access);
    const client = await listening.connectH2();
    listening.listener.update(listenerOptions(await certificateFor(access)));
    listening.listener.goAway();
    await client.until("GOAWAY", () => client.framesOf(FrameType.GoAway).length > 0);
  });

  test("HTTP/2 options hold for new connections alone", async () => {
    const listening = await listenFor(access);
    const before = await listening.connectH2();
    const http2 = { ...DefaultH2, maxConcurrentStreams: MaxConcurrentStreams };
    listening.listener.update(listenerOptions(await certificateFor(access), { http2 }));
    const after = await listening.connectH2();
    await before.roundTrip();
    const streamLimits = [before, after].map(({ framesOf, frames }) => {
      const [settings] = framesOf.call({ frames }, FrameType.Settings);
      return settings?.payload.toString("hex").includes("00030000000" + MaxConcurrentStreams);
    });
    expect(streamLimits).toEqual([false, true]);
    expect(before.framesOf(FrameType.Settings).filter(({ flags }) => flags === 0)).toHaveLength(1);
  });

  test("protocols hold for new connections alone", async () => {
    const listening = await listenFor(access);
    const live = await openEcho({ listening, access, version: "2" });
    listening.listener.update(listenerOptions(await certificateFor(access), { protocols: ["http/1.1"] }));
    await (await openEcho({ listening, access, version: "1.1" })).roundTrip();
    await live.roundTrip();
  });

  test("the deadline of a connection is that of its time", async () => {
    const listening = await listenFor(access);
    await listening.connectTcp();
    await listening.until("accepted", () => listening.listener.openConnections === 1);
    const deadlines = { ...LongDeadlines, handshakeMs: 50 };
    listening.listener.update(listenerOptions(await certificateFor(access), { deadlines }));
    expect(await readToEnd(await listening.connectTcp())).toBe("");
    expect(listening.failures).toEqual(["deadline"]);
    await listening.until("one left", () => listening.listener.openConnections === 1);
  });
});

test("another certificate is presented to who comes next, and whoever waits for its turn already is served", async () => {
  const gate = new ConnectionGate({ ...AmpleLimits, maxHandshakes: 0 });
  const listening = await listenFor("TLS", {}, gate);
  const waiting = await listening.connectTcp();
  waiting.write(await clientHello());
  await listening.until("waiting", () => gate.handshakes.waiting === 1);
  const other = await testCertificate(["localhost"]);
  listening.listener.update(listenerOptions(other));
  gate.update(AmpleLimits);
  const [answered] = (await once(waiting, "data")) as [Buffer];
  expect(answered[0]).toBe(22);
  const socket = connectTls({
    port: listening.port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: other.certificate,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
});

test("who waited while another protocol took the place of the first is served with that", async () => {
  const gate = new ConnectionGate({ ...AmpleLimits, maxHandshakes: 0 });
  const listening = await listenFor("TLS", { protocols: ["http/1.1"] }, gate);
  const opening = openEcho({ listening, access: "TLS", version: "2" });
  await listening.until("waiting", () => gate.handshakes.waiting === 1);
  listening.listener.update(listenerOptions(await sharedCertificate(), { protocols: ["h2"] }));
  gate.update(AmpleLimits);
  await (await opening).roundTrip();
});

test("options that cannot be used change nothing", async () => {
  const listening = await listenFor("TLS");
  const broken = { certificate: "no certificate", key: "no key" };
  expect(() => listening.listener.update(listenerOptions(broken, { name: "broken" }))).toThrow("PEM");
  await (await openEcho({ listening, access: "TLS", version: "2" })).roundTrip();
  expect(listening.opened).toMatchObject([{ listener: "main" }]);
});
