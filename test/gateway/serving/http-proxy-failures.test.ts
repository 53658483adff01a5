import { once } from "node:events";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { FakeRequest } from "../../support/fake-exchange.ts";
import { deadAddress, httpServer, proxyTo } from "../../support/proxying.ts";
import { scriptedUpstream, type ScriptedUpstream, type Script } from "../../support/scripted-upstream.ts";
import type { AddressConfig } from "../../../src/gateway/config/config.ts";

/** An upstream that takes a connection to each script in turn, and the last one for all others. */
async function scripted(...scripts: Script[]): Promise<{ upstream: ScriptedUpstream; address: AddressConfig }> {
  let connections = 0;
  const upstream = await scriptedUpstream((socket, head) =>
    scripts[Math.min(connections++, scripts.length - 1)]?.(socket, head),
  );
  return { upstream, address: { url: "", authority: "a", ...upstream.address } };
}

const answer: Script = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
const EventStream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const keepQuiet: Script = () => undefined;

/** Answers the first request on a connection, and ends it at the second without a word. */
const dieAtSecond: Script = (socket) => {
  answer(socket, "");
  socket.once("data", () => socket.destroy());
};

describe("a request that reaches nobody", () => {
  test("goes to the next address", async () => {
    const { address } = await scripted(answer);
    const proxy = proxyTo([await deadAddress(), await deadAddress(), address]);
    const body = Readable.from([Buffer.from("hello")]);
    expect(await proxy.answer({ method: "POST", body })).toMatchObject({ status: 200 });
  });

  test("is answered 502 where nobody listens", async () => {
    const proxy = proxyTo([await deadAddress(), await deadAddress()]);
    expect(await proxy.answer()).toMatchObject({ status: 502 });
    expect(proxy.outcomes).toMatchObject([
      { result: "upstream_unreachable", status: 502, bytesIn: 0, detail: "ECONNREFUSED" },
    ]);
  });

  test("is answered 504 where nobody answers the connecting in time", async () => {
    // It takes the TCP connection, and never speaks TLS on it.
    const { upstream } = await scripted(keepQuiet);
    const tls = { serverName: undefined, ca: undefined, verify: false };
    const proxy = proxyTo([{ url: "", authority: "a", ...upstream.address, tls }], { connectTimeoutMs: 20 });
    expect(await proxy.answer()).toMatchObject({ status: 504 });
    expect(proxy.outcomes).toMatchObject([{ result: "upstream_timeout" }]);
    await upstream.allClosed();
  });

  test("is answered 503 where this machine has no address for it", async () => {
    const { address } = await scripted(answer);
    // Of a block for documentation (RFC 5737).
    const proxy = proxyTo([address], { sourceAddresses: ["203.0.113.1", "203.0.113.2"] });
    const exchange = await proxy.answer();
    expect(exchange).toMatchObject({ status: 503 });
    expect(exchange.values("retry-after")).toEqual(["5"]);
    expect(proxy.outcomes).toMatchObject([{ result: "exhausted", detail: "EADDRNOTAVAIL" }]);
    expect(proxy.limits).toEqual(["ports"]);
  });

  test("comes from the next source address where the first has no port", async () => {
    const { address } = await scripted(answer);
    const proxy = proxyTo([address], { sourceAddresses: ["203.0.113.1", "127.0.0.2"] });
    expect(await proxy.answer()).toMatchObject({ status: 200 });
  });
});

describe("a request for which no connection is free", () => {
  test("waits for one, and is answered 503 where too many wait", async () => {
    const held: Socket[] = [];
    const { upstream, address } = await scripted((socket) => held.push(socket));
    const proxy = proxyTo([address], { maxConnections: 1, maxWaiting: 1 });
    const first = proxy.ask();
    await upstream.nextRequest();
    const second = proxy.ask();
    const third = await proxy.answer();
    expect(third).toMatchObject({ status: 503 });
    expect(third.values("retry-after")).toEqual(["5"]);
    expect(proxy.limits).toEqual(["upstream_waiting"]);
    for (const socket of held) {
      answer(socket, "");
      socket.on("data", () => answer(socket, ""));
    }
    await Promise.all([first.over.promise, second.over.promise]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(proxy.outcomes.map(({ result }) => result)).toEqual(["limited", "answered", "answered"]);
  });

  test("does not get one to an address that it has tried", async () => {
    const held: Socket[] = [];
    const { upstream, address } = await scripted((socket) => held.push(socket));
    const proxy = proxyTo([await deadAddress(), address], { maxConnections: 1 });
    const first = proxy.ask();
    await upstream.nextRequest();
    const others = [proxy.ask(), proxy.ask(), proxy.ask()];
    // Till they have found nobody at the other address.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const socket of held) {
      answer(socket, "");
      socket.on("data", () => answer(socket, ""));
    }
    for (const one of [first, ...others]) await one.over.promise;
    expect([first, ...others].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test("is answered 503 when it has waited long enough", async () => {
    const { address } = await scripted((socket) => socket.write(EventStream));
    const proxy = proxyTo([address], { maxConnections: 1, responseTimeoutMs: 20 });
    await proxy.ask().begun.promise;
    expect(await proxy.answer()).toMatchObject({ status: 503 });
    expect(proxy.outcomes).toMatchObject([{ result: "limited" }]);
  });

  test("waits no longer once its client has left", async () => {
    const { upstream, address } = await scripted(keepQuiet);
    const proxy = proxyTo([address], { maxConnections: 1, maxWaiting: 1 });
    proxy.ask();
    await upstream.nextRequest();
    proxy.ask().leave();
    expect(proxy.ask().status).toBe(0);
    expect(proxy.outcomes).toMatchObject([{ result: "client_left", status: 0 }]);
  });
});

describe("a request that the upstream has", () => {
  test("is answered 504 where no response comes", async () => {
    const { upstream, address } = await scripted(keepQuiet);
    const proxy = proxyTo([address], { responseTimeoutMs: 20 });
    expect(await proxy.answer()).toMatchObject({ status: 504 });
    expect(proxy.outcomes).toMatchObject([{ result: "upstream_timeout", status: 504 }]);
    await upstream.allClosed();
  });

  test.each<{ method: string; body?: boolean; scripts: Script[]; asked: number; status: number; why: string }>([
    { method: "GET", scripts: [dieAtSecond, answer], asked: 2, status: 200, why: "it is safe" },
    { method: "HEAD", scripts: [dieAtSecond, answer], asked: 2, status: 200, why: "it is safe" },
    { method: "OPTIONS", scripts: [dieAtSecond, answer], asked: 2, status: 200, why: "it is safe" },
    { method: "GET", body: true, scripts: [dieAtSecond, answer], asked: 1, status: 502, why: "its content is gone" },
    { method: "POST", scripts: [dieAtSecond, answer], asked: 1, status: 502, why: "it may have been done" },
    { method: "PUT", scripts: [dieAtSecond, answer], asked: 1, status: 502, why: "it may have been done" },
    { method: "DELETE", scripts: [dieAtSecond, answer], asked: 1, status: 502, why: "it may have been done" },
  ])(
    "is answered $status where the kept connection dies: $method, body $body, since $why",
    async ({ method, body, scripts, asked, status }) => {
      const { upstream, address } = await scripted(...scripts);
      const proxy = proxyTo([address]);
      await proxy.answer();
      const request: FakeRequest = body ? { method, body: Readable.from([Buffer.from("x")]) } : { method };
      expect(await proxy.answer(request)).toMatchObject({ status });
      expect(upstream.requests).toHaveLength(asked);
    },
  );

  test("is not sent a third time", async () => {
    const die: Script = (socket) => socket.destroy();
    const { upstream, address } = await scripted(dieAtSecond, die, answer);
    const proxy = proxyTo([address]);
    await proxy.answer();
    expect(await proxy.answer()).toMatchObject({ status: 502 });
    expect(upstream.requests).toHaveLength(2);
  });

  test.each<{ name: string; last: Script }>([
    { name: "a connection that was new", last: (socket) => socket.destroy() },
    { name: "a response of which a byte has come", last: (socket) => socket.end("H") },
  ])("is not sent again behind $name", async ({ last }) => {
    const { upstream, address } = await scripted(last, answer);
    expect(await proxyTo([address]).answer()).toMatchObject({ status: 502 });
    expect(upstream.requests).toHaveLength(1);
  });

  test("is not sent again behind a byte on a kept connection", async () => {
    const dieWithByte: Script = (socket) => {
      answer(socket, "");
      socket.once("data", () => socket.end("H"));
    };
    const { upstream, address } = await scripted(dieWithByte, answer);
    const proxy = proxyTo([address]);
    await proxy.answer();
    expect(await proxy.answer()).toMatchObject({ status: 502 });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("a client that leaves", () => {
  test.each<{ when: string; script: Script }>([
    { when: "before a response", script: keepQuiet },
    {
      when: "within a response",
      script: (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"),
    },
  ])("takes its request from the upstream at once, $when", async ({ script }) => {
    const { upstream, address } = await scripted(script);
    const proxy = proxyTo([address]);
    const exchange = proxy.ask();
    await upstream.nextRequest();
    if (script !== keepQuiet) await exchange.nextPart();
    exchange.leave();
    await upstream.allClosed();
    expect(proxy.outcomes).toMatchObject([{ result: "client_left" }]);
    expect(proxy.context.live.size).toBe(0);
  });

  test("does so while it sends", async () => {
    const { server, address } = await httpServer(() => undefined);
    const proxy = proxyTo([address]);
    const body = new Readable({ read: () => undefined });
    body.push("hello");
    const exchange = proxy.ask({ method: "POST", body });
    const closed = Promise.withResolvers<void>();
    server.once("connection", (socket: Socket) => socket.once("close", () => closed.resolve()));
    await once(server, "request");
    exchange.leave();
    body.destroy(new Error("the client left"));
    await closed.promise;
    expect(proxy.outcomes).toMatchObject([{ result: "client_left", bytesIn: 5 }]);
  });

  test("is not sent for when there is a connection at last", async () => {
    const { address } = await httpServer((_, response) => response.end());
    const proxy = proxyTo([address]);
    proxy.ask().leave();
    const next = await proxy.answer();
    expect(next.status).toBe(200);
    expect(proxy.outcomes.map(({ result }) => result)).toEqual(["client_left", "answered"]);
  });
});

describe("a gateway that stops", () => {
  test("lets requests finish, but ends event streams", async () => {
    const { address } = await httpServer((request, response) => {
      if (request.url === "/events") {
        response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
        response.write("data: 1\n\n");
      } else setImmediate(() => response.end("hello"));
    });
    const proxy = proxyTo([address]);
    const events = proxy.ask({ path: "/events" });
    await events.nextPart();
    const request = proxy.ask();
    for (const one of proxy.context.live.all()) one.close(1001, "drain");
    await request.over.promise;
    expect(request).toMatchObject({ status: 200, text: "hello" });
    expect(events).toMatchObject({ status: 200, ending: "whole" });
    expect(proxy.outcomes.map(({ result }) => result)).toEqual(["draining", "answered"]);
  });

  test("cuts what has not finished", async () => {
    const { upstream, address } = await scripted((socket, head) => {
      if (head.startsWith("GET /begun")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello");
    });
    const proxy = proxyTo([address]);
    const begun = proxy.ask({ path: "/begun" });
    await begun.nextPart();
    const waiting = proxy.ask();
    await upstream.nextRequest();
    proxy.context.live.abort();
    expect(begun).toMatchObject({ status: 200, ending: "cut" });
    expect(waiting).toMatchObject({ status: 503, ending: "whole" });
    await upstream.allClosed();
  });
});
