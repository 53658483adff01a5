import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { proxyTo } from "../../support/proxying.ts";
import { scriptedUpstream } from "../../support/scripted-upstream.ts";
import type { FakeExchange } from "../../support/fake-exchange.ts";
import type { RequestResult } from "../../../src/gateway/telemetry/request-metrics.ts";

interface Answered {
  readonly exchange: FakeExchange;
  readonly result: RequestResult | undefined;
}

/** What a client gets of `response`, which the upstream sends byte for byte before it ends the connection. */
async function answeredOf(response: string | Buffer, method = "GET"): Promise<Answered> {
  const { address } = await scriptedUpstream((socket) => socket.end(response, "latin1"));
  const proxy = proxyTo([{ url: "", authority: "a", ...address }]);
  const exchange = await proxy.answer({ method });
  return { exchange, result: proxy.outcomes[0]?.result };
}

const Ok = "HTTP/1.1 200 OK\r\n";

describe("a response passed on", () => {
  test.each([
    { name: "with a length", response: `${Ok}content-length: 5\r\n\r\nhello` },
    { name: "in chunks", response: `${Ok}transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n` },
    { name: "in chunks, said in capitals", response: `${Ok}Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n` },
    { name: "up to the end of the connection", response: `${Ok}\r\nhello` },
    { name: "of HTTP/1.0", response: "HTTP/1.0 200 OK\r\n\r\nhello" },
  ])("has its content $name", async ({ response }) => {
    const { exchange, result } = await answeredOf(response);
    expect(exchange).toMatchObject({ status: 200, text: "hello", ending: "whole", trailers: undefined });
    expect(result).toBe("answered");
  });

  test.each([
    { name: "204", status: 204, head: "", length: [] },
    { name: "204 with a length, which it must not have", status: 204, head: "content-length: 0\r\n", length: [] },
    { name: "304", status: 304, head: 'content-length: 700\r\netag: "a"\r\n', length: ["700"] },
    { name: "200 to HEAD", method: "HEAD", status: 200, head: "content-length: 700\r\n", length: ["700"] },
    { name: "404 to HEAD without a length", method: "HEAD", status: 404, head: "", length: [] },
  ])("has no content: $name", async ({ method, status, head, length }) => {
    const { exchange, result } = await answeredOf(`HTTP/1.1 ${status} X\r\n${head}\r\n`, method);
    expect(exchange).toMatchObject({ status, text: "", ending: "whole" });
    expect(exchange.values("content-length")).toEqual(length);
    expect(result).toBe("answered");
  });

  test("keeps its fields, repeated ones in order, and their bytes", async () => {
    const head = `Set-Cookie: a=1\r\nX-Bytes: gr\u00fc\u00df\r\nset-cookie: b=2\r\nAlt-Svc: h3=":443"\r\nvia: 1.1 before\r\n`;
    const { exchange } = await answeredOf(`${Ok}${head}content-length: 0\r\n\r\n`);
    expect(exchange.values("set-cookie")).toEqual(["a=1", "b=2"]);
    expect(exchange.values("x-bytes")).toEqual(["gr\u00fc\u00df"]);
    expect(exchange.values("alt-svc")).toEqual([`h3=":443"`]);
    expect(exchange.values("via")).toEqual(["1.1 before", "1.1 hawser"]);
  });

  test("loses what is between the upstream and us", async () => {
    const head =
      "Connection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nX-Mine: 1\r\nTrailer: x\r\nUpgrade: h2c\r\n";
    const { exchange } = await answeredOf(`${Ok}${head}content-length: 0\r\n\r\n`);
    expect(exchange.answered).toEqual(["content-length", "0", "via", "1.1 hawser"]);
  });

  test("keeps a part that was asked for", async () => {
    const head = "content-range: bytes 0-4/700\r\ncontent-length: 5\r\n";
    const { exchange } = await answeredOf(`HTTP/1.1 206 Partial Content\r\n${head}\r\nhello`);
    expect(exchange).toMatchObject({ status: 206, text: "hello" });
    expect(exchange.values("content-range")).toEqual(["bytes 0-4/700"]);
  });

  test("keeps the coding of its content", async () => {
    const content = gzipSync("hello");
    const head = `${Ok}content-encoding: gzip\r\ncontent-length: ${content.length}\r\n\r\n`;
    const { exchange } = await answeredOf(Buffer.concat([Buffer.from(head), content]));
    expect(exchange.content).toEqual(content);
    expect(exchange.values("content-encoding")).toEqual(["gzip"]);
  });

  test("has its trailers behind it", async () => {
    const trailers = "X-Sum: 1\r\nx-sum: 2\r\n";
    const { exchange } = await answeredOf(`${Ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${trailers}\r\n`);
    expect(exchange).toMatchObject({ text: "hello", trailers: ["x-sum", "1", "x-sum", "2"] });
  });

  test("has its interim ones before it", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    const { exchange } = await answeredOf(`${hints}HTTP/1.1 102 Processing\r\n\r\n${Ok}content-length: 5\r\n\r\nhello`);
    expect(exchange.interim.map(({ status }) => status)).toEqual([103, 102]);
    expect(exchange.interim[0]?.fields.slice(0, 2)).toEqual(["link", "</a.css>; rel=preload"]);
    expect(exchange).toMatchObject({ status: 200, text: "hello" });
  });
});

describe("a response that is none", () => {
  test.each([
    { name: "no HTTP at all", response: "hello\r\n\r\n" },
    { name: "another protocol", response: "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n" },
    { name: "a 100 that nobody asked for", response: "HTTP/1.1 100 Continue\r\n\r\n" },
    {
      name: "a length and a coding",
      response: `${Ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    },
    {
      name: "a coding and a length",
      response: `${Ok}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`,
    },
    { name: "two lengths", response: `${Ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello` },
    {
      name: "a coding of the transfer that we cannot undo",
      response: `${Ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    },
    { name: "a coding said in two lines", response: `${Ok}transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n` },
    { name: "a name with a space", response: `${Ok}x y: 1\r\n\r\n` },
    { name: "a space before the colon", response: `${Ok}content-length : 5\r\n\r\nhello` },
    { name: "a NUL in a value", response: `${Ok}x: a\0b\r\n\r\n` },
    { name: "a carriage return in a value", response: `${Ok}x: a\rb\r\n\r\n` },
    { name: "a head that is too large", response: `${Ok}x: ${"a".repeat(16_384)}\r\n\r\n` },
    { name: "an early end", response: "HTTP/1.1 200 O" },
    { name: "nothing", response: "" },
  ])("is answered 502: $name", async ({ response }) => {
    const { exchange, result } = await answeredOf(response);
    expect(exchange).toMatchObject({ status: 502, ending: "whole" });
    expect(result).toBe("upstream_invalid");
  });

  test.each([
    { name: "ends before its length", response: `${Ok}content-length: 6\r\n\r\nhello` },
    { name: "ends within a chunk", response: `${Ok}transfer-encoding: chunked\r\n\r\n6\r\nhello` },
    { name: "ends before its last chunk", response: `${Ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n` },
    { name: "has a chunk of no certain size", response: `${Ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n` },
  ])("is cut off so that the client can tell: $name", async ({ response }) => {
    const { exchange, result } = await answeredOf(response);
    expect(exchange).toMatchObject({ status: 200, text: "hello", ending: "cut" });
    expect(result).toBe("upstream_aborted");
  });
});
