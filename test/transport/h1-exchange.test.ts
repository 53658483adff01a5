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
    { what: "a body beyond one read", more: ["Content-Length: 200000"], body: "x".repeat(200_000) },
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

  test.each([
    { what: "a length", more: ["Content-Length: 3000000"], body: "x".repeat(3_000_000), says: true },
    {
      what: "chunks",
      more: ["Transfer-Encoding: chunked"],
      body: `2dc6c0\r\n${"x".repeat(3_000_000)}\r\n0\r\n\r\n`,
      says: false,
    },
  ])("closes behind an answer where more would have to be dropped, told by $what", async ({ more, body, says }) => {
    const request = `POST /first HTTP/1.1\r\nHost: example.com\r\n${more.join("\r\n")}\r\n\r\n${body}${get("/next")}`;
    const { text, listening } = await lastWords(access, request);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\/first$/);
    expect(/^connection: close\r$/im.test(text)).toBe(says);
    expect(listening.exchanges).toHaveLength(1);
  });

  test("answers 400 within a body that is none, and closes", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write("POST /first HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    const exchange = await listening.nextExchange();
    const gone: string[] = [];
    exchange.onGone = (reason) => gone.push(reason);
    const failed = new Promise((resolve) => exchange.body?.once("error", resolve));
    exchange.body?.resume();
    socket.write("+3\r\ntwo\r\n");
    expect(await words).toMatch(/^HTTP\/1\.1 400 [^]*connection: close/);
    expect(await failed).toBeInstanceOf(Error);
    expect(gone).toEqual(["client-left"]);
    expect(listening.refusals).toEqual(["malformed"]);
  });

  test("keeps the connection where the body is read, whatever its length", async () => {
    const listening = await listenFor(access);
    listening.onExchange = (exchange) => {
      if (exchange.body === undefined) return echoPath(exchange);
      exchange.body.resume().once("end", () => echoPath(exchange));
    };
    const socket = await listening.connect();
    const answers = readUntil(socket, "/next");
    socket.write(`PUT /first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3000000\r\n\r\n${"x".repeat(3_000_000)}`);
    socket.write(get("/next"));
    expect(await answers).not.toMatch(/connection: close/i);
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

  test("ends an answer to HTTP/1.0 with the connection, in plain bytes", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write("GET /old HTTP/1.0\r\nHost: example.com\r\nTE: chunked, trailers\r\nExpect: what\r\n\r\n");
    const exchange = await listening.nextExchange();
    exchange.inform(103, ["link", "</a>"]);
    const body = exchange.begin({ status: 200, fields: [] });
    body.write(Buffer.from("one"));
    body.write(Buffer.from("two"));
    body.end(["x-trailer", "1"]);
    const text = await words;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nonetwo$/);
    expect(text).not.toMatch(/transfer-encoding|x-trailer/i);
  });

  test("aborts an answer to HTTP/1.0 so that it does not seem whole", async () => {
    const listening = await listenFor(access);
    const { socket, tcp } = await listening.connectLayers();
    const broken = new Promise((resolve) => {
      for (const layer of [socket, tcp]) layer.once("error", resolve);
    });
    socket.write("GET /old HTTP/1.0\r\nHost: example.com\r\n\r\n");
    const body = (await listening.nextExchange()).begin({ status: 200, fields: [] });
    const part = readUntil(socket, "part");
    body.write(Buffer.from("part"));
    await part;
    body.abort();
    expect(await broken).toMatchObject({ code: "ECONNRESET" });
  });

  test("aborts a pipelined answer in its turn, behind those before it", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readToEnd(socket);
    socket.write(get("/1") + get("/2") + get("/3"));
    (await listening.nextExchange(2)).begin({ status: 200, fields: [] }).abort();
    echoPath(await listening.nextExchange(3));
    echoPath(await listening.nextExchange(1));
    expect(await words).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\/1$/);
    await listening.untilNoConnections();
  });

  test("sends no trailers to a client that has not said it takes them", async () => {
    const listening = await listenFor(access);
    const socket = await listening.connect();
    const words = readUntil(socket, "0\r\n");
    socket.write(get("/"));
    const body = (await listening.nextExchange()).begin({ status: 200, fields: [] });
    body.write(Buffer.from("all"));
    body.end(["x-trailer", "1"]);
    expect(await words).toMatch(/\r\n\r\n3\r\nall\r\n0\r\n\r\n$/);
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
