import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { describe, expect, test, vi } from "vitest";
import type { RequestWish } from "../support/exchange-client.ts";
import { answered, contentOf, HttpVersions, requestClient, requestOnce } from "../support/gateway-requests.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { httpServer, deadAddress } from "../support/proxying.ts";
import { scriptedUpstream, type Script } from "../support/scripted-upstream.ts";

/** A gateway in front of `addresses`, with the options `upstream` of theirs and `more` of its own. */
function proxyTo(addresses: readonly string[], upstream = {}, more = {}): Promise<GatewayUnderTest> {
  return startGatewayUnderTest({
    routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
    upstreams: { app: { addresses, ...upstream } },
    ...more,
  });
}

async function behind(listener: RequestListener, upstream = {}, more = {}) {
  const { server, address } = await httpServer(listener);
  return { server, gateway: await proxyTo([address.url], upstream, more) };
}

/** The URL of an upstream that answers each connection with `script`. */
async function scriptedUrl(script: Script): Promise<string> {
  const { address } = await scriptedUpstream(script);
  return address.transport.type === "tcp" ? `http://127.0.0.1:${address.transport.port}` : "";
}

const everything: RequestListener = async (request, response) => {
  const hash = createHash("sha256");
  await pipeline(request, hash);
  const { method = "", url = "", headers } = request;
  const seen = { "x-method": method, "x-url": url, "x-range": headers.range ?? "", "x-sha256": hash.digest("hex") };
  response.writeHead(url === "/nothing" ? 204 : 200, { ...seen, "set-cookie": ["a=1", "b=2"] });
  response.end(method === "HEAD" || url === "/nothing" ? "" : "hello");
};

describe.each(HttpVersions)("an ordinary request on HTTP/%s", (httpVersion) => {
  test.each<{ wish: RequestWish; content?: string; status: number; body: string; fields: Record<string, unknown> }>([
    {
      wish: { path: "/a%2fb?c" },
      status: 200,
      body: "hello",
      fields: { "x-url": "/a%2fb?c", "set-cookie": ["a=1", "b=2"] },
    },
    { wish: { method: "HEAD" }, status: 200, body: "", fields: { "x-method": "HEAD" } },
    { wish: { method: "OPTIONS" }, status: 200, body: "hello", fields: { "x-method": "OPTIONS" } },
    { wish: { method: "DELETE" }, status: 200, body: "hello", fields: { "x-method": "DELETE" } },
    { wish: { method: "PROPFIND" }, status: 200, body: "hello", fields: { "x-method": "PROPFIND" } },
    { wish: { path: "/nothing" }, status: 204, body: "", fields: {} },
    { wish: { fields: [["range", "bytes=1-"]] }, status: 200, body: "hello", fields: { "x-range": "bytes=1-" } },
    { wish: { method: "POST" }, content: "hi", status: 200, body: "hello", fields: { "x-sha256": sha256("hi") } },
    {
      wish: { method: "PUT", fields: [["content-length", "2"]] },
      content: "hi",
      status: 200,
      body: "hello",
      fields: { "x-sha256": sha256("hi") },
    },
    { wish: { method: "GET" }, content: "hi", status: 200, body: "hello", fields: { "x-sha256": sha256("hi") } },
    { wish: { method: "TRACE" }, status: 405, body: "TRACE is not answered here.\n", fields: {} },
    { wish: { method: "OPTIONS", path: "*" }, status: 204, body: "", fields: {} },
  ])("$wish is answered $status", async ({ wish, content, status, body, fields }) => {
    const { gateway } = await behind(everything);
    const answer = await requestOnce(
      gateway.port,
      httpVersion,
      wish,
      content === undefined ? undefined : Buffer.from(content),
    );
    expect(answer).toMatchObject({ status, end: "whole", fields });
    expect(contentOf(answer).toString()).toBe(body);
    await gateway.settles("hawser_http_requests_total", { result: "answered" }, 1);
  });

  test("has its interim responses and trailers", async () => {
    const { gateway } = await behind((_, response) => {
      response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.writeHead(200, { trailer: "x-sum" });
      response.write("hello");
      response.addTrailers({ "x-sum": "1" });
      response.end();
    });
    const answer = await requestOnce(gateway.port, httpVersion, { fields: [["te", "trailers"]] });
    expect(answer).toMatchObject({ status: 200, end: "whole", trailers: { "x-sum": "1" } });
    expect(answer.interim).toMatchObject([{ status: 103, fields: { link: "</a.css>; rel=preload" } }]);
  });

  test("waits with its content until it is asked for", async () => {
    const { gateway } = await behind(everything);
    const client = await requestClient(gateway.port, httpVersion);
    client.ask({ method: "POST", fields: [["expect", "100-continue"]], hasContent: true });
    await vi.waitFor(() => expect(client.answer.interim).toMatchObject([{ status: 100 }]));
    client.send(Buffer.from("hi"));
    client.end();
    await answered(client);
    expect(client.answer).toMatchObject({ status: 200, fields: { "x-sha256": sha256("hi") } });
  });

  test("carries much, either way", async () => {
    const { gateway } = await behind(async (request, response) => {
      response.writeHead(200);
      await pipeline(request, response);
    });
    const content = randomBytes(8_388_608);
    const answer = await requestOnce(gateway.port, httpVersion, { method: "POST" }, content);
    expect(sha256(contentOf(answer))).toBe(sha256(content));
    await gateway.settles("hawser_http_content_bytes_total", { direction: "in" }, content.length);
    await gateway.settles("hawser_http_content_bytes_total", { direction: "out" }, content.length);
  });

  test("has the events of a stream as they come, and takes the stream from the upstream when it leaves", async () => {
    const streams = Promise.withResolvers<ServerResponse>();
    const { gateway } = await behind(
      (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
        streams.resolve(response);
      },
      {},
      { deadlines: { bodyIdleMs: 100 } },
    );
    const client = await requestClient(gateway.port, httpVersion);
    client.ask({ path: "/events" });
    await vi.waitFor(() => expect(contentOf(client.answer).toString()).toBe("data: 1\n\n"));
    const response = await streams.promise;
    const closed = once(response, "close");
    client.leave();
    await closed;
    await gateway.settles("hawser_http_requests_total", { result: "client_left", status: "2xx" }, 1);
  });

  test("takes itself from the upstream when its client leaves while it sends", async () => {
    const requests = Promise.withResolvers<IncomingMessage>();
    const { gateway } = await behind((request) => {
      request.on("error", () => undefined).resume();
      requests.resolve(request);
    });
    const client = await requestClient(gateway.port, httpVersion);
    client.ask({ method: "POST", hasContent: true });
    client.send(Buffer.from("hi"));
    const request = await requests.promise;
    const closed = Promise.withResolvers<void>();
    request.socket.once("close", () => closed.resolve());
    client.leave();
    await closed.promise;
    await gateway.settles("hawser_http_requests_total", { result: "client_left" }, 1);
  });

  test("is answered before it has sent all, where the upstream does", async () => {
    const { gateway } = await behind((request, response) => {
      request.once("data", () => response.writeHead(413).end("too large"));
    });
    const client = await requestClient(gateway.port, httpVersion);
    client.ask({ method: "POST", hasContent: true });
    client.send(Buffer.alloc(65_536));
    await answered(client);
    expect(client.answer).toMatchObject({ status: 413, end: "whole" });
  });

  test("is cut off where the upstream dies within its answer", async () => {
    const { gateway } = await behind((_, response) => {
      response.writeHead(200, { "content-length": "9" }).write("hello", () => response.destroy());
    });
    const answer = await requestOnce(gateway.port, httpVersion);
    expect(answer).toMatchObject({ status: 200, end: "cut" });
    await gateway.settles("hawser_http_requests_total", { result: "upstream_aborted" }, 1);
  });

  test.each<{ what: string; script: Script | undefined; upstream?: object; status: number; result: string }>([
    { what: "nobody listens", script: undefined, status: 502, result: "upstream_unreachable" },
    {
      what: "no answer comes",
      script: () => undefined,
      upstream: { responseTimeoutMs: 50 },
      status: 504,
      result: "upstream_timeout",
    },
    {
      what: "the answer is none",
      script: (socket) => socket.end("hello\r\n\r\n"),
      status: 502,
      result: "upstream_invalid",
    },
    { what: "the connection ends", script: (socket) => socket.end(), status: 502, result: "upstream_invalid" },
  ])(
    "is answered $status where $what, and its neighbour is none the wiser",
    async ({ script, upstream, status, result }) => {
      const url = script === undefined ? (await deadAddress()).url : await scriptedUrl(script);
      const { address } = await httpServer(everything);
      const gateway = await proxyTo([url], upstream, {
        routes: [
          { name: "app", pathPrefix: "/", upstream: "app" },
          { name: "well", pathPrefix: "/well", upstream: "well" },
        ],
        upstreams: { app: { addresses: [url], ...upstream }, well: { addresses: [address.url] } },
      });
      const [answer, neighbour] = await Promise.all([
        requestOnce(gateway.port, httpVersion),
        requestOnce(gateway.port, httpVersion, { path: "/well" }),
      ]);
      expect(answer).toMatchObject({ status, end: "whole" });
      expect(neighbour).toMatchObject({ status: 200, end: "whole" });
      await gateway.settles("hawser_http_requests_total", { route: "app", result }, 1);
    },
  );

  test("is answered 503 where too many wait for the upstream", async () => {
    const held: ServerResponse[] = [];
    const { gateway } = await behind((_, response) => held.push(response), { maxConnections: 1, maxWaiting: 1 });
    const clients = [await requestClient(gateway.port, httpVersion), await requestClient(gateway.port, httpVersion)];
    clients[0]?.ask();
    await vi.waitFor(() => expect(held).toHaveLength(1));
    clients[1]?.ask();
    const answer = await requestOnce(gateway.port, httpVersion);
    expect(answer).toMatchObject({ status: 503, fields: { "retry-after": "5" } });
    await gateway.settles("hawser_limits_hit_total", { limit: "upstream_waiting" }, 1);
    held[0]?.end();
    await vi.waitFor(() => expect(held).toHaveLength(2));
    held[1]?.end();
    for (const client of clients) await answered(client);
    expect(clients.map(({ answer: { status } }) => status)).toEqual([200, 200]);
  });
});

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
