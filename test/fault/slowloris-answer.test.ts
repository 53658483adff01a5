import { describe, expect, onTestFinished, test } from "vitest";
import { listenFor, LongDeadlines, readUntil, upgradeRequest } from "../support/listening.ts";
import { connectFields, FrameType, Flag, headersFrame, rawFrame, settingsFrame } from "../support/raw-h2.ts";
import { Accesses, collect, DeadlineMs, DribbleMs, expectInTime, timeToClose } from "../support/slow-client.ts";

describe("an answer", () => {
  const deadlines = { ...LongDeadlines, answerMs: DeadlineMs, responseMs: DeadlineMs };

  test.each(Accesses)("HTTP/1.1: 504 for a request and for an Upgrade that nobody answers, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    for (const request of ["GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", upgradeRequest()]) {
      const startMs = performance.now();
      const socket = await listening.connect();
      const words = collect(socket);
      socket.write(request);
      expectInTime(await timeToClose(listening, startMs));
      expect(words()).toMatch(/^HTTP\/1\.1 504 /);
    }
    // The owners are told by opening and exchange themselves.
    expect(listening.refusals).toEqual([]);
  });

  test.each(Accesses)("HTTP/2: 504 on each stream alone, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const client = await listening.connectH2();
    const get: [string, string][] = [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "example.com"],
      [":path", "/"],
    ];
    const startMs = performance.now();
    client.send(headersFrame(1, get, { endStream: true }), headersFrame(3, connectFields()), headersFrame(5, get));
    for (const id of [1, 3, 5]) expect(await client.status(id)).toBe(504);
    expectInTime(performance.now() - startMs);
    expect(listening.refusals).toEqual([]);
    expect(listening.listener.openConnections).toBe(1);
  });

  test.each(Accesses)("HTTP/1.1: a client that does not take its answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines: { ...deadlines, bodyIdleMs: DeadlineMs } });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(20_000_000) });
    const startMs = performance.now();
    const socket = await listening.connect();
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    expectInTime(await timeToClose(listening, startMs));
  });

  test.each(Accesses)("HTTP/2: a client that does not take its answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines: { ...LongDeadlines, idleConnectionMs: DeadlineMs } });
    const client = await listening.connectH2([[4, 0]]);
    client.send(headersFrame(1, connectFields()));
    const opening = await listening.nextOpening();
    const startMs = performance.now();
    opening.reject({ status: 403, fields: [], body: "not for you" });
    expect(await client.resetCode(1)).toBe(8);
    expectInTime(performance.now() - startMs);
  });
});

describe("a connection on which nothing is open", () => {
  const deadlines = { ...LongDeadlines, idleConnectionMs: DeadlineMs };

  test.each(Accesses)("HTTP/1.1: closes behind the last answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "first" });
    const socket = await listening.connect();
    const answer = readUntil(socket, "first");
    socket.write("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    await answer;
    const startMs = performance.now();
    const words = collect(socket);
    expectInTime(await timeToClose(listening, startMs));
    expect(words()).toBe("");
    expect(listening.refusals).toEqual([]);
  });

  test.each(Accesses)(
    "HTTP/2: ends with GOAWAY before the first stream and behind the last, over %s",
    async (access) => {
      const listening = await listenFor(access, { deadlines });
      const [fresh, used] = [await listening.connectH2(), await listening.connectH2()];
      used.send(headersFrame(1, connectFields()));
      const opening = await listening.nextOpening();
      await fresh.until("GOAWAY", () => fresh.framesOf(FrameType.GoAway).length > 0);
      expect(fresh.framesOf(FrameType.GoAway)[0]?.payload.readUInt32BE(4)).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 2 * DeadlineMs));
      expect(used.framesOf(FrameType.GoAway)).toEqual([]);
      const startMs = performance.now();
      opening.reject({ status: 404, fields: [], body: "" });
      used.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
      await used.until("GOAWAY", () => used.framesOf(FrameType.GoAway).length > 0);
      expectInTime(performance.now() - startMs);
      for (const client of [fresh, used]) client.socket.end();
      await listening.untilNoConnections();
      expect(listening.refusals).toEqual([]);
    },
  );

  test.each(Accesses)("HTTP/2: PINGs and SETTINGS do not keep it, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const client = await listening.connectH2();
    const startMs = performance.now();
    const busy = setInterval(() => {
      if (client.socket.writable) client.send(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8)), settingsFrame());
    }, DribbleMs);
    onTestFinished(() => clearInterval(busy));
    await client.until("GOAWAY", () => client.framesOf(FrameType.GoAway).length > 0);
    expectInTime(performance.now() - startMs);
  });
});
