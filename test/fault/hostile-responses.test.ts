import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { contentOf, HttpVersions, requestOnce } from "../support/gateway-requests.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { recordingUpstream } from "../support/recording-upstream.ts";

const Ok = "HTTP/1.1 200 OK\r\n";
/** What would be another client's answer if it were left on a connection that is used again. */
const Poison = `${Ok}content-length: 6\r\n\r\npoison`;
const Chunked = `${Ok}transfer-encoding: chunked\r\n\r\n`;

interface Attack {
  readonly name: string;
  readonly response: string;
  readonly method?: string;
  /** What the client gets: 502, or so much that it can tell what is missing. */
  readonly status: number;
  readonly content?: string;
  readonly end: "whole" | "cut";
  /** Whether the upstream ends the connection behind its response. */
  readonly ends?: boolean;
  readonly responseTimeoutMs?: number;
}

/** What the gateway says in place of the upstream. */
const Invalid = "The upstream's answer is invalid.\n";
const refused = { status: 502, end: "whole" } as const;
const cut = { status: 200, end: "cut" } as const;
const whole = { status: 200, end: "whole" } as const;

const Attacks: readonly Attack[] = [
  {
    name: "a length and chunks",
    response: `${Ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${Poison}`,
    ...refused,
  },
  {
    name: "chunks and a length",
    response: `${Ok}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${Poison}`,
    ...refused,
  },
  { name: "two lengths", response: `${Ok}content-length: 2\r\ncontent-length: 9\r\n\r\nhi${Poison}`, ...refused },
  {
    name: "two lengths, the same",
    response: `${Ok}content-length: 2\r\ncontent-length: 2\r\n\r\nhi${Poison}`,
    ...refused,
  },
  { name: "a list of lengths", response: `${Ok}content-length: 2, 9\r\n\r\nhi${Poison}`, ...refused },
  { name: "a length with a plus", response: `${Ok}content-length: +2\r\n\r\nhi${Poison}`, ...refused },
  { name: "a negative length", response: `${Ok}content-length: -2\r\n\r\nhi${Poison}`, ...refused },
  { name: "a length in hexadecimal", response: `${Ok}content-length: 0x2\r\n\r\nhi${Poison}`, ...refused },
  {
    name: "a length beyond 2^64",
    response: `${Ok}content-length: 18446744073709551618\r\n\r\nhi${Poison}`,
    ...refused,
  },
  { name: "an empty length", response: `${Ok}content-length:\r\n\r\n${Poison}`, ...refused },
  { name: "an unknown coding", response: `${Ok}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${Poison}`, ...refused },
  {
    name: "chunked, then identity",
    response: `${Ok}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${Poison}`,
    ...refused,
  },
  { name: "chunked twice", response: `${Ok}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n${Poison}`, ...refused },
  {
    name: "a coding on HTTP/1.0",
    response: `HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n${Poison}`,
    content: "hi",
    ...whole,
  },
  { name: "a bare LF behind the status line", response: `HTTP/1.1 200 OK\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a bare LF behind a field", response: `${Ok}x: a\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a bare LF as the end", response: `${Ok}content-length: 2\r\n\nhi`, ...refused },
  { name: "a CR in a field", response: `${Ok}x: a\rx-evil: b\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a NUL in a field", response: `${Ok}x: a\0b\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a control character in a field", response: `${Ok}x: a\x01b\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a folded line", response: `${Ok}x: a\r\n b\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a space before a colon", response: `${Ok}content-length : 2\r\n\r\nhi`, ...refused },
  { name: "a name with a space", response: `${Ok}x evil: 2\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "an empty name", response: `${Ok}: 2\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a line without a colon", response: `${Ok}evil\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "another version", response: `HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a status of two digits", response: `HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "a status of four digits", response: `HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "status 99", response: `HTTP/1.1 099 OK\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  { name: "status 600", response: `HTTP/1.1 600 OK\r\ncontent-length: 2\r\n\r\nhi`, ...refused },
  {
    name: "101 with a protocol",
    response: `HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n${Poison}`,
    ...refused,
  },
  { name: "101 without one", response: `HTTP/1.1 101 X\r\n\r\n${Poison}`, ...refused },
  { name: "100 unasked", response: `HTTP/1.1 100 Continue\r\n\r\n${Poison}`, ...refused },
  { name: "1xx without end", response: "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n".repeat(2_000), ...refused },
  { name: "a head without end", response: `${Ok}x: ${"a".repeat(100_000)}`, ...refused },
  { name: "fields without end", response: `${Ok}${"x: a\r\n".repeat(20_000)}`, ...refused },
  {
    name: "a status line without end",
    response: `HTTP/1.1 200 ${"a".repeat(100_000)}`,
    responseTimeoutMs: 100,
    content: "The upstream did not answer in time.\n",
    status: 504,
    end: "whole",
  },
  { name: "nothing", response: "", ends: true, ...refused },
  { name: "an end within the head", response: `${Ok}content-le`, ends: true, ...refused },
  { name: "an end before the length", response: `${Ok}content-length: 9\r\n\r\nhi`, ends: true, content: "hi", ...cut },
  { name: "an end within a chunk", response: `${Chunked}9\r\nhi`, ends: true, content: "hi", ...cut },
  { name: "an end before the last chunk", response: `${Chunked}2\r\nhi\r\n`, ends: true, content: "hi", ...cut },
  {
    name: "an end within the trailers",
    response: `${Chunked}2\r\nhi\r\n0\r\nx: a\r\n`,
    ends: true,
    content: "hi",
    ...cut,
  },
  { name: "a bad chunk size", response: `${Chunked}2\r\nhi\r\nx\r\n${Poison}`, content: "hi", ...cut },
  { name: "a chunk size with a minus", response: `${Chunked}2\r\nhi\r\n-2\r\n${Poison}`, content: "hi", ...cut },
  {
    name: "a chunk size beyond 2^64",
    response: `${Chunked}2\r\nhi\r\n10000000000000002\r\nhi\r\n0\r\n\r\n`,
    content: "hi",
    ...cut,
  },
  { name: "a chunk longer than its size", response: `${Chunked}2\r\nhi!\r\n0\r\n\r\n${Poison}`, content: "hi", ...cut },
  { name: "a bare LF behind a chunk size", response: `${Chunked}2\r\nhi\r\n2\nhi\r\n0\r\n\r\n`, content: "hi", ...cut },
  {
    name: "trailers without end",
    response: `${Chunked}2\r\nhi\r\n0\r\nx: ${"a".repeat(100_000)}`,
    content: "hi",
    ...cut,
  },
  { name: "a CR in a trailer", response: `${Chunked}2\r\nhi\r\n0\r\nx: a\rb\r\n\r\n`, content: "hi", ...cut },
  {
    name: "a length in the trailers",
    response: `${Chunked}2\r\nhi\r\n0\r\ncontent-length: 9\r\n\r\n`,
    content: "hi",
    ...cut,
  },
  {
    name: "content longer than its length",
    response: `${Ok}content-length: 2\r\n\r\nhi, and more`,
    content: "hi",
    ...whole,
  },
  { name: "two responses", response: `${Ok}content-length: 2\r\n\r\nhi${Poison}`, content: "hi", ...whole },
  {
    name: "a response behind the last chunk",
    response: `${Chunked}2\r\nhi\r\n0\r\n\r\n${Poison}`,
    content: "hi",
    ...whole,
  },
  {
    name: "content of a HEAD",
    method: "HEAD",
    response: `${Ok}content-length: 6\r\n\r\npoison${Poison}`,
    content: "",
    ...whole,
  },
  {
    name: "chunks of a HEAD",
    method: "HEAD",
    response: `${Chunked}6\r\npoison\r\n0\r\n\r\n${Poison}`,
    content: "",
    ...whole,
  },
  {
    name: "content of a 204",
    response: `HTTP/1.1 204 No Content\r\ncontent-length: 6\r\n\r\npoison${Poison}`,
    status: 204,
    end: "whole",
    content: "",
  },
  {
    name: "chunks of a 204",
    response: `HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n6\r\npoison\r\n0\r\n\r\n`,
    status: 204,
    end: "whole",
    content: "",
  },
  {
    name: "content of a 304",
    response: `HTTP/1.1 304 Not Modified\r\ncontent-length: 6\r\n\r\npoison${Poison}`,
    status: 304,
    end: "whole",
    content: "",
  },
  {
    name: "content of a 204 without a length",
    response: `HTTP/1.1 204 No Content\r\n\r\n${Poison}`,
    status: 204,
    end: "whole",
    content: "",
  },
];

describe.each(HttpVersions)("over HTTP/%s, an upstream that answers", (httpVersion) => {
  test.each(Attacks)("$name: $status, $end, and nobody else gets the rest", async (attack) => {
    const {
      response,
      method = "GET",
      status,
      end,
      content = Invalid,
      ends = false,
      responseTimeoutMs = 5_000,
    } = attack;
    const upstream = await recordingUpstream((socket, { target }) => {
      if (target === "/attack") socket.write(response, "latin1");
      else socket.write(`${Ok}content-length: ${target.length}\r\n\r\n${target}`);
      if (target === "/attack" && ends) socket.end();
    });
    const gateway = await startGatewayUnderTest({
      routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
      upstreams: { app: { addresses: [upstream.address.url], responseTimeoutMs } },
    });
    const attacked = await requestOnce(gateway.port, httpVersion, { method, path: "/attack" });
    expect(attacked).toMatchObject({ status, end });
    expect(contentOf(attacked).toString()).toBe(content);
    const next = await requestOnce(gateway.port, httpVersion, { path: "/next" });
    expect(contentOf(next).toString()).toBe("/next");
    expect(upstream.connections).toBe(2);
  });

  test("more than it was asked, when nobody asks: nobody gets it", async () => {
    const sockets: Socket[] = [];
    const upstream = await recordingUpstream((socket, { target }) => {
      sockets.push(socket);
      socket.write(`${Ok}content-length: ${target.length}\r\n\r\n${target}`);
    });
    const gateway = await startGatewayUnderTest({
      routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
      upstreams: { app: { addresses: [upstream.address.url] } },
    });
    await requestOnce(gateway.port, httpVersion, { path: "/first" });
    sockets[0]?.write(Poison);
    if (sockets[0]?.closed === false) await once(sockets[0], "close");
    const next = await requestOnce(gateway.port, httpVersion, { path: "/next" });
    expect(contentOf(next).toString()).toBe("/next");
    expect(upstream.connections).toBe(2);
  });
});
