import { describe, expect, test } from "vitest";
import { echoPath, get, lastWords, lastWordsUnanswered } from "../support/h1-requests.ts";
import { listenFor, LongDeadlines, readToEnd, readUntil, upgradeRequest, type Access } from "../support/listening.ts";
import { turns } from "../support/stream-observers.ts";

const statusOf = (text: string) => Number(text.split(" ")[1]);

describe.each<Access>(["TLS", "cleartext"])("an HTTP/1.1 connection over %s", (access) => {
  test.each([
    { what: "no Host", request: "GET / HTTP/1.1\r\n\r\n" },
    { what: "two Hosts", request: get("/", ["Host: example.org"]) },
    { what: "a Host that is none", request: "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n" },
    { what: "a target that is no path", request: "GET * HTTP/1.1\r\nHost: example.com\r\n\r\n" },
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
  ])("refuses $what with 400 and closes", async ({ request }) => {
    const { text, listening } = await lastWords(access, request);
    expect(statusOf(text)).toBe(400);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(listening.refusals).toEqual(["malformed"]);
    expect(listening.openings).toEqual([]);
  });

  test("refuses an opening by POST with 405, which names the method there is", async () => {
    const { text, listening } = await lastWords(access, upgradeRequest().replace("GET", "POST"));
    expect(statusOf(text)).toBe(405);
    expect(text).toMatch(/^allow: GET\r$/m);
    expect(listening.refusals).toEqual(["malformed"]);
  });

  test("refuses a head beyond 16 KiB with 431", async () => {
    const { text, listening } = await lastWords(access, get("/", [`X-Long: ${"a".repeat(20_000)}`]));
    expect(statusOf(text)).toBe(431);
    expect(listening.refusals).toEqual(["header-size"]);
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
