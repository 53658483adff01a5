import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { httpServer, proxyTo } from "../../support/proxying.ts";
import { scriptedUpstream } from "../../support/scripted-upstream.ts";

const PartBytes = 65_536;
const ManyParts = 512;
/** What sockets and buffers between the two ends may hold, several times over. */
const HeldParts = 256;
const Hours = 3 * 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

/** The clock stands still from now on; sockets do not. */
function holdClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

/** Content whose parts are made as they are asked for. */
function parts(count: number): { readonly body: Readable; readonly sent: () => number } {
  const part = randomBytes(PartBytes);
  let sent = 0;
  const body = new Readable({
    highWaterMark: PartBytes,
    read() {
      this.push(sent < count ? part : null);
      sent++;
    },
  });
  return { body, sent: () => sent };
}

/** Writes `part` to `response` until it is full; resolves with how many it took. */
function fill(response: ServerResponse, part: Buffer): number {
  let written = 1;
  while (response.write(part)) written++;
  return written;
}

describe("the content of a request", () => {
  test("reaches the upstream whole, however long it is", async () => {
    const hash = createHash("sha256");
    const { address } = await httpServer(async (request, response) => {
      await pipeline(request, hash);
      response.end(hash.digest("hex"));
    });
    const { body } = parts(ManyParts);
    const expected = createHash("sha256");
    body.on("data", (chunk: Buffer) => expected.update(chunk)).pause();
    const proxy = proxyTo([address]);
    const exchange = await proxy.answer({ method: "PUT", body });
    expect(exchange.text).toBe(expected.digest("hex"));
    expect(proxy.outcomes).toMatchObject([{ result: "answered", bytesIn: ManyParts * PartBytes }]);
  });

  test("is read no faster than the upstream takes it, which is answered 504 if it takes nothing", async () => {
    const { server, address } = await httpServer((request) => request.pause());
    const { body, sent } = parts(Infinity);
    holdClock();
    const proxy = proxyTo([address], { bodyIdleMs: 1_000 });
    const exchange = proxy.ask({ method: "POST", body });
    await once(server, "request");
    let before = -1;
    while (before !== sent()) {
      before = sent();
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      vi.advanceTimersByTime(1);
    }
    expect(sent()).toBeLessThan(HeldParts);
    await vi.advanceTimersByTimeAsync(1_001);
    await exchange.over.promise;
    expect(exchange.status).toBe(504);
    expect(proxy.outcomes).toMatchObject([{ result: "upstream_timeout" }]);
  });

  test("is not read before there is a connection for it", async () => {
    const { server, address } = await httpServer((_, response) => response.writeHead(200).flushHeaders());
    const proxy = proxyTo([address], { maxConnections: 1 });
    proxy.ask();
    await once(server, "request");
    const { body, sent } = parts(Infinity);
    proxy.ask({ method: "POST", body });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent()).toBe(0);
  });

  test("is read no further when the answer has come early", async () => {
    const { address } = await httpServer((request, response) => {
      request.once("data", () => response.writeHead(413).end("too large"));
    });
    const body = new Readable({ read: () => undefined });
    body.push("a");
    const exchange = await proxyTo([address]).answer({ method: "POST", body });
    expect(exchange).toMatchObject({ status: 413, text: "too large", ending: "whole" });
    if (!body.closed) await once(body, "close");
  });

  test("may go on while the answer comes", async () => {
    const { address } = await httpServer((request, response) => request.pipe(response));
    const body = new Readable({ read: () => undefined });
    body.push("hel");
    const exchange = proxyTo([address]).ask({ method: "POST", body });
    await exchange.nextPart();
    expect(exchange.text).toBe("hel");
    body.push("lo");
    body.push(null);
    await exchange.over.promise;
    expect(exchange).toMatchObject({ text: "hello", ending: "whole" });
  });
});

describe("the content of a response", () => {
  test("reaches the client whole, however long it is", async () => {
    const { body } = parts(ManyParts);
    const expected = createHash("sha256");
    body.on("data", (chunk: Buffer) => expected.update(chunk)).pause();
    const { address } = await httpServer((_, response) => body.pipe(response));
    const proxy = proxyTo([address]);
    const exchange = await proxy.answer();
    expect(createHash("sha256").update(exchange.content).digest("hex")).toBe(expected.digest("hex"));
    expect(proxy.outcomes).toMatchObject([{ result: "answered", bytesOut: ManyParts * PartBytes }]);
  });

  test("is read no faster than the client takes it, and waits for it as long as the acceptor does", async () => {
    const { body, sent } = parts(ManyParts);
    const { address } = await httpServer((_, response) => body.pipe(response));
    holdClock();
    const proxy = proxyTo([address], { bodyIdleMs: 1_000 });
    const exchange = proxy.ask();
    exchange.isFull = true;
    await exchange.nextPart();
    let before = -1;
    while (before !== sent()) {
      before = sent();
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(Hours);
    expect(sent()).toBeLessThan(HeldParts);
    expect(exchange.ending).toBeUndefined();
    exchange.drain();
    await exchange.over.promise;
    expect(exchange).toMatchObject({ ending: "whole" });
    expect(exchange.content).toHaveLength(ManyParts * PartBytes);
  });

  test("is cut off where the upstream gives no more of it", async () => {
    const { server, address } = await httpServer((_, response) => void response.write("hello"));
    holdClock();
    const proxy = proxyTo([address], { bodyIdleMs: 1_000 });
    const exchange = proxy.ask();
    const [, response] = await once(server, "request");
    await exchange.nextPart();
    vi.advanceTimersByTime(999);
    response.write("x");
    await exchange.nextPart();
    vi.advanceTimersByTime(999);
    expect(exchange.ending).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(exchange).toMatchObject({ text: "hellox", ending: "cut" });
    expect(proxy.outcomes).toMatchObject([{ result: "upstream_timeout", status: 200, bytesOut: 6 }]);
    await once(response, "close");
  });

  test("may come late where it is about content that still goes up", async () => {
    const { server, address } = await httpServer((request, response) => {
      response.writeHead(200).flushHeaders();
      request.pipe(response);
    });
    holdClock();
    const body = new Readable({ read: () => undefined });
    const exchange = proxyTo([address], { bodyIdleMs: 1_000 }).ask({ method: "POST", body });
    body.push("a");
    await once(server, "request");
    await exchange.nextPart();
    for (let i = 0; i < 4; i++) {
      vi.advanceTimersByTime(999);
      const next = exchange.nextPart();
      body.push("a");
      await next;
    }
    body.push(null);
    await exchange.over.promise;
    expect(exchange).toMatchObject({ text: "aaaaa", ending: "whole" });
  });

  test("without a length is cut off where its connection breaks", async () => {
    const sockets = Promise.withResolvers<Socket>();
    const { address } = await scriptedUpstream((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\nhello");
      sockets.resolve(socket);
    });
    const proxy = proxyTo([{ url: "", authority: "a", ...address }]);
    const exchange = proxy.ask();
    await exchange.nextPart();
    (await sockets.promise).resetAndDestroy();
    await exchange.over.promise;
    expect(exchange).toMatchObject({ text: "hello", ending: "cut" });
    expect(proxy.outcomes).toMatchObject([{ result: "upstream_aborted" }]);
  });

  test.each(["text/event-stream", "Text/Event-Stream; charset=utf-8"])(
    "may be quiet for hours where it is %s",
    async (type) => {
      const { server, address } = await httpServer((_, response) => {
        response.writeHead(200, { "content-type": type });
        response.write("data: 1\n\n");
      });
      holdClock();
      const proxy = proxyTo([address], { bodyIdleMs: 1_000, responseTimeoutMs: 1_000 });
      const exchange = proxy.ask();
      const [, response] = await once(server, "request");
      await exchange.nextPart();
      vi.advanceTimersByTime(Hours);
      response.end("data: 2\n\n");
      await exchange.over.promise;
      expect(exchange).toMatchObject({ text: "data: 1\n\ndata: 2\n\n", ending: "whole" });
    },
  );

  test("of a client that takes nothing ends with the acceptor's deadline", async () => {
    const { server, address } = await httpServer((_, response) => void fill(response, Buffer.alloc(PartBytes)));
    const proxy = proxyTo([address]);
    const exchange = proxy.ask();
    exchange.isFull = true;
    const [, response] = await once(server, "request");
    await exchange.nextPart();
    exchange.onGone?.("deadline");
    await once(response, "close");
    expect(proxy.outcomes).toMatchObject([{ result: "deadline", status: 200 }]);
    expect(proxy.limits).toEqual(["write_stall"]);
  });
});
