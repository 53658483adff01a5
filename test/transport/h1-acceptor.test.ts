import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { listenFor, LongDeadlines, readToEnd, readUntil, upgradeRequest, type Access } from "../support/listening.ts";
import { turns } from "../support/stream-observers.ts";

const echoPath = (exchange: HttpExchange) => exchange.respond({ status: 200, fields: [], body: exchange.path });

/** A request without a body. */
function get(path: string, more: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, "Host: example.com", ...more, "", ""].join("\r\n");
}

/** Sends `bytes` on a new connection and reads until the listener ends it. */
async function lastWords(access: Access, bytes: string | Uint8Array) {
  const listening = await listenFor(access);
  listening.onExchange = echoPath;
  const socket = await listening.connect();
  const words = readToEnd(socket);
  socket.write(bytes);
  const text = await words;
  socket.end();
  await listening.untilNoConnections();
  return { text, listening };
}

const statusOf = (text: string) => Number(text.split(" ")[1]);

describe.each<Access>(["TLS", "cleartext"])("an HTTP/1.1 connection over %s", (access) => {
  test("answers one request after the other", async () => {
    const listening = await listenFor(access);
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    for (const path of ["/one", "/two", "/three"]) {
      const answer = readUntil(socket, path);
      socket.write(get(path));
      expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
    expect(listening.exchanges.map(({ streamId, connection }) => [streamId, connection.id])).toEqual(
      Array.from({ length: 3 }, () => [0, 1]),
    );
  });

  test("tells what was asked, and sends what is answered", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const answer = readUntil(socket, "gone\n");
    socket.write(get("/page?x=1", ["X-Name: value", "x-name: other"]));
    const exchange = await listening.nextExchange();
    expect(exchange).toMatchObject({
      method: "GET",
      path: "/page?x=1",
      authority: "example.com",
      fields: ["host", "example.com", "x-name", "value", "x-name", "other"],
    });
    const fields = ["content-length", "1", "set-cookie", "a=1", "set-cookie", "b=2"];
    exchange.respond({ status: 410, fields, body: "gone\n" });
    exchange.respond({ status: 200, fields: [], body: "" });
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 410 Gone\r\n/);
    expect(text).toContain("set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 5\r\n");
  });

  test("refuses to send a field that would be two, and can then send another answer", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const answer = readUntil(socket, "\r\n\r\n");
    socket.write(get("/"));
    const exchange = await listening.nextExchange();
    const evil = { status: 200, fields: ["x-evil", "a\r\nset-cookie: b=1"], body: "" };
    expect(() => exchange.respond(evil)).toThrow(TypeError);
    exchange.respond({ status: 500, fields: [], body: "" });
    expect(await answer).toMatch(/^HTTP\/1\.1 500 /);
  });

  test.each([
    { method: "HEAD", status: 200, length: "content-length: 4" },
    { method: "GET", status: 204, length: undefined },
    { method: "GET", status: 304, length: undefined },
  ])("sends no body for $method with $status, and lives on", async ({ method, status, length }) => {
    const listening = await listenFor(access);
    listening.onExchange = (exchange) =>
      exchange.respond({ status: exchange.path === "/" ? status : 200, fields: [], body: "body" });
    const socket = await listening.connect();
    const answer = readUntil(socket, "200 OK");
    socket.write(`${method} / HTTP/1.1\r\nHost: example.com\r\n\r\n${get("/next")}`);
    const [first = ""] = (await answer).split("\r\n\r\n");
    expect(first.split("\r\n").find((line) => line.startsWith("content-length"))).toBe(length);
  });

  test("sends pipelined answers in the order of their requests", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const answer = readUntil(socket, "/3");
    socket.write(get("/1") + get("/2") + get("/3"));
    for (const nth of [3, 1, 2]) echoPath(await listening.nextExchange(nth));
    expect((await answer).match(/\/\d$|\/\d(?=HTTP)/g)).toEqual(["/1", "/2", "/3"]);
  });

  test("refuses what comes behind more unanswered requests than anybody needs", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write(get("/").repeat(1_000));
    await listening.nextExchange(16);
    for (const exchange of listening.exchanges) echoPath(exchange);
    expect((await words).match(/(?<=HTTP\/1\.1 )\d+/g)?.map(Number)).toEqual([
      ...Array.from({ length: 16 }, () => 200),
      400,
    ]);
    expect(listening.exchanges).toHaveLength(16);
    expect(listening.refusals).toEqual(["malformed"]);
  });

  test.each([
    { what: "a short body", more: ["Content-Length: 5"], body: "GET /" },
    { what: "a chunked body", more: ["Transfer-Encoding: chunked"], body: "5\r\nGET /\r\n0\r\n\r\n" },
    { what: "a body beyond any buffer", more: ["Content-Length: 3000000"], body: "x".repeat(3_000_000) },
  ])("drops $what and takes the next request", async ({ more, body }) => {
    const listening = await listenFor(access);
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    const answers = readUntil(socket, "/next");
    socket.write(`POST /first HTTP/1.1\r\nHost: example.com\r\n${more.join("\r\n")}\r\n\r\n${body}`);
    socket.write(get("/next"));
    expect(await answers).toContain("/first");
    expect(listening.exchanges.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  test("answers before a body has come, and closes when that does not end", async () => {
    const listening = await listenFor(access);
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write("POST /first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000\r\n\r\nbeginning");
    expect(await words).toMatch(/\/first$/);
    await listening.untilNoConnections();
  });

  test.each(["100-continue", "something-else"])("answers a request that expects %s at once", async (expectation) => {
    const listening = await listenFor(access);
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    const answer = readUntil(socket, "/first");
    socket.write(get("/first", [`Expect: ${expectation}`, "Content-Length: 5"]));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    { what: "h2c", upgrade: "h2c", more: ["HTTP2-Settings: AAMAAABkAAQAAP__"] },
    { what: "TLS", upgrade: "TLS/1.0", more: [] },
  ])(
    "serves a request that offers $what as an ordinary one, and the last of its connection",
    async ({ upgrade, more }) => {
      const request = get("/first", ["Connection: Upgrade", `Upgrade: ${upgrade}`, ...more]);
      const { text } = await lastWords(access, request + get("/next"));
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*\/first$/);
    },
  );

  test("answers HTTP/1.0 and closes", async () => {
    const { text } = await lastWords(access, "GET /old HTTP/1.0\r\nHost: example.com\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*\/old$/i);
  });

  test.each([
    { target: "http://other.example/x?y", path: "/x?y", authority: "other.example" },
    { target: "https://other.example:8443", path: "/", authority: "other.example:8443" },
    { target: "http://other.example?y", path: "/?y", authority: "other.example" },
  ])("takes the target $target in absolute-form", async ({ target, path, authority }) => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    socket.write(get(target));
    expect(await listening.nextExchange()).toMatchObject({ path, authority });
  });

  test.each([
    { what: "no Host", request: "GET / HTTP/1.1\r\n\r\n" },
    { what: "two Hosts", request: get("/", ["Host: example.org"]) },
    { what: "a Host that is none", request: "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n" },
    { what: "a target that is no path", request: "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n" },
    { what: "userinfo", request: get("http://user@example.com/") },
    { what: "a fragment", request: get("/#a") },
    { what: "two framings", request: get("/", ["Content-Length: 5", "Transfer-Encoding: chunked"]) },
    { what: "two lengths", request: get("/", ["Content-Length: 5", "Content-Length: 6"]) },
    { what: "a length with a sign", request: get("/", ["Content-Length: +5"]) },
    { what: "a space before the colon", request: get("/", ["X-Odd : a"]) },
    { what: "a folded field", request: get("/", ["X-Odd: a", " b"]) },
    { what: "a bare CR", request: get("/", ["X-Odd: a\rb: c"]) },
    { what: "a NUL", request: get("/", ["X-Odd: a\0b"]) },
    { what: "no HTTP at all", request: "\x16\x03\x01\x00\xa5 garbage\r\n\r\n" },
    { what: "another HTTP", request: "GET / HTTP/3.0\r\n\r\n" },
    { what: "half of the HTTP/2 preface", request: "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" },
    {
      what: "an Upgrade that Connection does not name",
      request: upgradeRequest().replace("Connection: Upgrade\r\n", ""),
    },
    { what: "an opening with a body", request: upgradeRequest("/", ["Content-Length: 5"]) },
    { what: "an opening without a key", request: upgradeRequest().replace(/Sec-WebSocket-Key.*\r\n/, "") },
    { what: "an opening by POST", request: upgradeRequest().replace("GET", "POST") },
  ])("refuses $what with 400 and closes", async ({ request }) => {
    const { text, listening } = await lastWords(access, request);
    expect(statusOf(text)).toBe(400);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(listening.refusals).toEqual(["malformed"]);
    expect(listening.openings).toEqual([]);
  });

  test("refuses a head beyond 16 KiB with 431", async () => {
    const { text, listening } = await lastWords(access, get("/", [`X-Long: ${"a".repeat(20_000)}`]));
    expect(statusOf(text)).toBe(431);
    expect(listening.refusals).toEqual(["malformed"]);
  });

  test("refuses another WebSocket version with 426, which names the one it speaks", async () => {
    const { text, listening } = await lastWords(access, upgradeRequest().replace("Version: 13", "Version: 8"));
    expect(statusOf(text)).toBe(426);
    expect(text).toMatch(/^Connection: close, Upgrade\r$/m);
    expect(text).toMatch(/^upgrade: websocket\r$/m);
    expect(text).toMatch(/^sec-websocket-version: 13\r$/m);
    expect(listening.refusals).toEqual(["version"]);
  });

  test("refuses CONNECT with 501", async () => {
    const { text, listening } = await lastWords(access, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    expect(statusOf(text)).toBe(501);
    expect(listening.refusals).toEqual(["not-websocket"]);
  });

  test("refuses an Upgrade behind an unanswered request, behind the answer to that", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write(get("/first") + upgradeRequest() + "early bytes");
    echoPath(await listening.nextExchange());
    const text = await words;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 Bad Request\r\n[^]*Connection: close/);
    expect(listening.openings).toEqual([]);
    expect(listening.refusals).toEqual(["malformed"]);
  });

  test("takes an Upgrade behind answered requests", async () => {
    const listening = await listenFor(access);
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    const answer = readUntil(socket, "/first");
    socket.write(get("/first"));
    await answer;
    socket.write(upgradeRequest());
    (await listening.nextOpening()).accept({});
    expect(await readUntil(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
  });

  test("sends a refusal whole to a client that goes on sending, and closes the connection", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write(upgradeRequest());
    socket.write(Buffer.alloc(1_000_000, get("/smuggled")));
    const body = "x".repeat(60_000);
    (await listening.nextOpening()).reject({ status: 403, fields: [], body });
    for (let sent = 0; sent < 10; sent++) {
      socket.write(Buffer.alloc(100_000, get("/smuggled")));
      await turns(1);
    }
    const text = await words;
    expect(statusOf(text)).toBe(403);
    expect(text.endsWith(`\r\n\r\n${body}`)).toBe(true);
    socket.end();
    await listening.untilNoConnections();
    expect(listening.exchanges).toEqual([]);
  });

  test("closes a refused connection although the client does not end", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    socket.write(upgradeRequest());
    (await listening.nextOpening()).reject({ status: 403, fields: [], body: "" });
    await readToEnd(socket);
    await listening.untilNoConnections();
  });

  test("does not answer a client that has ended", async () => {
    const { text, listening } = await lastWordsUnanswered(access, get("/first"), (socket) => socket.end());
    listening.exchanges[0]?.respond({ status: 200, fields: [], body: "late" });
    expect(text).toBe("");
  });

  test("closes after each answer once it refuses new requests, and answers those with 503", async () => {
    const listening = await listenFor(access);
    const [busy, idle] = [await listening.connect(), await listening.connect()];
    const busyWords = readToEnd(busy);
    busy.write(get("/first"));
    const exchange = await listening.nextExchange();
    const idleWords = readToEnd(idle);
    listening.listener.refuseNew();
    idle.write(get("/second"));
    expect(await idleWords).toMatch(/^HTTP\/1\.1 503 [^]*connection: close/i);
    echoPath(exchange);
    expect(await busyWords).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
    expect(listening.refusals).toEqual(["draining"]);
    for (const socket of [busy, idle]) socket.end();
    await listening.untilNoConnections();
  });

  test("closes idle connections at goAway, used or not, and the others behind their answers", async () => {
    const listening = await listenFor(access);
    const [fresh, used, busy] = [await listening.connect(), await listening.connect(), await listening.connect()];
    const usedAnswer = readUntil(used, "/used");
    used.write(get("/used"));
    echoPath(await listening.nextExchange());
    await usedAnswer;
    busy.write(get("/busy"));
    const exchange = await listening.nextExchange(2);
    await listening.until("3 connections", () => listening.opened.length === 3 || access === "cleartext");
    const ends = [fresh, used].map((socket) => readToEnd(socket));
    const busyWords = readToEnd(busy);
    listening.listener.goAway();
    expect(await ends[1]).toBe("");
    echoPath(exchange);
    expect(await busyWords).toMatch(/connection: close[^]*\/busy$/);
    for (const socket of [fresh, used, busy]) socket.end();
    await listening.untilNoConnections();
  });

  test("keeps nothing of a WebSocket's connection from its HTTP past", async () => {
    const deadlines = { ...LongDeadlines, headersMs: 50, idleConnectionMs: 50, answerMs: 50 };
    const listening = await listenFor(access, { deadlines });
    listening.onExchange = echoPath;
    const socket = await listening.connect();
    const answer = readUntil(socket, "/first");
    socket.write(get("/first"));
    await answer;
    socket.write(upgradeRequest());
    const stream = (await listening.nextOpening()).accept({});
    await readUntil(socket, "\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const bytes = readUntil(socket, "alive");
    stream.write(Buffer.from("alive"), 0, 5, "kept");
    expect(await bytes).toBe("alive");
  });
});

/** The same as `lastWords`, with a listener whose exchanges nobody answers. */
async function lastWordsUnanswered(access: Access, bytes: string, then: (socket: Socket) => void = () => undefined) {
  const listening = await listenFor(access);
  const socket = await listening.connect();
  const words = readToEnd(socket);
  socket.write(bytes);
  await listening.nextExchange();
  then(socket);
  const text = await words;
  socket.end();
  await listening.untilNoConnections();
  return { text, listening };
}
