import { mkdtemp, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RouteConfig, UpstreamConfig } from "../../../src/gateway/config/config.ts";
import { AccessPolicy } from "../../../src/gateway/policy/access.ts";
import { addressList } from "../../../src/gateway/routing/address-list.ts";
import { Upstream } from "../../../src/gateway/routing/upstream.ts";
import { LiveStreams } from "../../../src/gateway/serving/live-streams.ts";
import { serveExchange, type ExchangeContext } from "../../../src/gateway/serving/serve-exchange.ts";
import type { ServedRoute } from "../../../src/gateway/serving/site.ts";
import { StaticFiles } from "../../../src/gateway/serving/static-files.ts";
import { UpstreamDialer } from "../../../src/gateway/serving/upstream-dialer.ts";
import type { RequestOutcome } from "../../../src/gateway/telemetry/request-metrics.ts";
import { openNodeH2Client } from "../../../src/transport/node-h2-client.ts";
import { FakeExchange, type FakeRequest } from "../../support/fake-exchange.ts";
import { loopback } from "../../support/proxying.ts";

const LargeBytes = 4_194_304;

let folder: string;
let routes: Readonly<Record<"files" | "sockets" | "handler", ServedRoute>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "site-"));
  await writeFile(join(folder, "app.js"), "0123456789");
  await writeFile(join(folder, "large.bin"), Buffer.alloc(LargeBytes, "x"));
  await writeFile(join(folder, "shrinks.bin"), Buffer.alloc(LargeBytes, "x"));
  const config: RouteConfig = {
    name: "r",
    host: undefined,
    match: "prefix",
    path: "/r",
    target: { type: "root", folder },
    origins: { type: "same" },
    clients: { allow: [], deny: ["192.0.2.0/24"] },
    maxStreams: undefined,
    streams: {
      maxMessageBytes: undefined,
      maxFrameBytes: undefined,
      maxFragments: undefined,
      maxBufferedBytes: 1,
      idleMs: undefined,
      maxAgeMs: undefined,
      maxAgeJitter: 0,
    },
  };
  const upstreamConfig: UpstreamConfig = {
    name: "u",
    addresses: [loopback(1)],
    sourceAddresses: [],
    protocol: "auto",
    maxStreamsPerConnection: 1,
    connectTimeoutMs: 1,
    answerTimeoutMs: 1,
    takesRequests: false,
    responseTimeoutMs: 1,
    maxConnections: 1,
    maxWaiting: 1,
    command: undefined,
  };
  const upstream = new Upstream(upstreamConfig);
  const dialer = new UpstreamDialer(upstream, upstreamConfig, openNodeH2Client);
  routes = {
    files: { type: "files", name: "files", config, prefix: "/r", files: await StaticFiles.open(folder) },
    sockets: {
      type: "upstream",
      name: "sockets",
      config,
      upstream,
      dialer,
      http: undefined,
      hostField: { type: "keep" },
    },
    handler: {
      type: "handler",
      name: "handler",
      config,
      handler: {},
      handlerName: "echo",
      subprotocols: [],
      extensions: [],
    },
  };
});

/** Serves a request for `route`, and keeps what became of it. */
function serve(route: ServedRoute | undefined, request: FakeRequest = {}) {
  const exchange = new FakeExchange(request);
  const outcomes: RequestOutcome[] = [];
  const limits: string[] = [];
  const context: ExchangeContext = {
    live: new LiveStreams(),
    trustedProxies: addressList([]),
    deadlines: { bodyIdleMs: 60_000 },
    access: new AccessPolicy({ hosts: ["a.example"], clients: { allow: [], deny: [] } }),
    requestOver: (outcome) => outcomes.push(outcome),
    limitHit: (limit) => limits.push(limit),
  };
  serveExchange(exchange, { find: () => route }, context);
  return { exchange, outcomes, limits, context };
}

describe("an ordinary request", () => {
  test("for no route is answered 404", () => {
    const { exchange, outcomes } = serve(undefined);
    expect(exchange.status).toBe(404);
    expect(outcomes).toMatchObject([{ route: "", upstream: undefined, result: "no_route", method: "GET" }]);
  });

  test.each([
    { target: "sockets" as const, httpVersion: "1.1" as const, status: 426, upgrade: ["websocket"] },
    { target: "sockets" as const, httpVersion: "2" as const, status: 400, upgrade: [] },
    { target: "handler" as const, httpVersion: "1.1" as const, status: 426, upgrade: ["websocket"] },
    { target: "handler" as const, httpVersion: "2" as const, status: 400, upgrade: [] },
  ])(
    "for WebSockets ($target) is answered $status on HTTP/$httpVersion",
    ({ target, httpVersion, status, upgrade }) => {
      const { exchange, outcomes } = serve(routes[target], { connection: { httpVersion } });
      expect(exchange.status).toBe(status);
      expect(exchange.values("upgrade")).toEqual(upgrade);
      expect(outcomes).toMatchObject([{ route: target, result: "not_websocket", status }]);
    },
  );

  test.each([
    { why: "another host", request: { authority: "b.example" }, status: 421, result: "host" },
    {
      why: "a client that is denied",
      request: { connection: { remoteAddress: "192.0.2.9" } },
      status: 403,
      result: "client_denied",
    },
  ])("of $why is answered $status", ({ request, status, result }) => {
    const { exchange, outcomes } = serve(routes.files, request);
    expect(exchange.status).toBe(status);
    expect(outcomes).toMatchObject([{ result, status }]);
  });

  test("may come from any page", () => {
    const { exchange } = serve(undefined, { fields: ["origin", "https://evil.example"] });
    expect(exchange.status).toBe(404);
  });

  test.each([
    { method: "TRACE", path: "/", status: 405 },
    { method: "CONNECT", path: "/", status: 501 },
    { method: "OPTIONS", path: "*", status: 204 },
  ])("$method $path is answered $status by the gateway itself", ({ method, path, status }) => {
    expect(serve(routes.files, { method, path }).exchange.status).toBe(status);
  });
});

describe("a file", () => {
  test("is sent whole", async () => {
    const { exchange, outcomes, context } = serve(routes.files, { path: "/r/large.bin" });
    expect(context.live.size).toBe(1);
    await exchange.over.promise;
    expect(exchange).toMatchObject({ status: 200, ending: "whole" });
    expect(exchange.content).toHaveLength(LargeBytes);
    expect(outcomes).toMatchObject([{ route: "files", result: "answered", status: 200, bytesOut: LargeBytes }]);
    expect(context.live.size).toBe(0);
  });

  test.each([
    { request: { method: "HEAD" }, status: 200, text: "" },
    { request: { fields: ["range", "bytes=2-4"] }, status: 206, text: "234" },
    { request: { method: "POST" }, status: 405, text: "Only GET and HEAD are answered here.\n" },
    { request: { path: "/r/absent" }, status: 404, text: "There is no such file.\n" },
  ])("is answered as it is asked for: $status", async ({ request, status, text }) => {
    const { exchange, outcomes } = serve(routes.files, { path: "/r/app.js", ...request });
    await exchange.over.promise;
    expect(exchange).toMatchObject({ status, text });
    expect(outcomes).toMatchObject([{ status, bytesOut: text.length, result: "answered" }]);
  });

  test("is read no faster than the client takes it", async () => {
    const { exchange } = serve(routes.files, { path: "/r/large.bin" });
    exchange.isFull = true;
    await exchange.nextPart();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(exchange.content.length).toBeLessThan(LargeBytes / 4);
    exchange.drain();
    await exchange.over.promise;
    expect(exchange.content).toHaveLength(LargeBytes);
  });

  test("that becomes shorter meanwhile is cut off", async () => {
    const { exchange, outcomes } = serve(routes.files, { path: "/r/shrinks.bin" });
    exchange.isFull = true;
    await exchange.nextPart();
    await truncate(join(folder, "shrinks.bin"), 1);
    exchange.drain();
    await exchange.over.promise;
    expect(exchange.ending).toBe("cut");
    expect(outcomes).toMatchObject([{ result: "failed", status: 200 }]);
  });

  test("is let go of when the client leaves", async () => {
    const { exchange, outcomes, context } = serve(routes.files, { path: "/r/large.bin" });
    exchange.isFull = true;
    await exchange.nextPart();
    exchange.leave();
    expect(outcomes).toMatchObject([{ result: "client_left", status: 200 }]);
    expect(context.live.size).toBe(0);
  });

  test("is cut off where the gateway ends", async () => {
    const { exchange, outcomes, context } = serve(routes.files, { path: "/r/large.bin" });
    exchange.isFull = true;
    await exchange.nextPart();
    context.live.abort();
    expect(exchange.ending).toBe("cut");
    expect(outcomes).toMatchObject([{ result: "draining" }]);
  });
});
