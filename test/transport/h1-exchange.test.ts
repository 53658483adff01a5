import { describe, expect, test } from "vitest";
import { echoPath, get, lastWords } from "../support/h1-requests.ts";
import { listenFor, readToEnd, readUntil, type Access } from "../support/listening.ts";

describe.each<Access>(["TLS", "cleartext"])("an HTTP/1.1 exchange over %s", (access) => {
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
});
