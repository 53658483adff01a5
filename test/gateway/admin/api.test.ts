import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { AdminServer, type AdminDeadlines, type BoundAddress } from "../../../src/gateway/admin/api.ts";
import type { ActionOutcome, MetricsSource, Readiness } from "../../../src/gateway/admin/gateway-endpoints.ts";
import { adminSources } from "../../support/admin-under-test.ts";

const Exposition = "# HELP up x\n# TYPE up gauge\nup 1\n";
const Type = "text/plain; version=0.0.4; charset=utf-8";
const Sound: MetricsSource = {
  scrape: () => Promise.resolve({ type: Type, body: Exposition }),
  families: () => Promise.resolve([]),
};
const NotFound =
  "not found, try /livez /readyz /metrics /metrics/streams /overview /upstreams /config /drain /reload /streams " +
  "/streams/ID /streams/ID/frames /events /console /console/…\n";
const NoRules = { auth: undefined, hosts: [] };

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Setup {
  readonly host?: string;
  readonly readiness?: Readiness;
  readonly metrics?: MetricsSource;
  readonly deadlines?: AdminDeadlines;
}

async function started({ host = "127.0.0.1", readiness = "ready", metrics = Sound, deadlines }: Setup = {}) {
  const state = { readiness };
  const asked: string[] = [];
  const actions = new Map<string, () => ActionOutcome | Promise<ActionOutcome>>([
    ["drain", () => ({ status: 202, text: `drain ${asked.push("drain")}` })],
    ["reload", () => Promise.resolve({ status: 422, text: `refused ${asked.push("reload")}` })],
  ]);
  const sources = { ...(await adminSources()), metrics, readiness: () => state.readiness, actions };
  const server = new AdminServer({ host, port: 0, ...NoRules, sources }, deadlines);
  const address = await server.listen();
  cleanups.push(() => server.close());
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${address.port}${path}`, init);
  return { server, address, state, asked, ask };
}

/** Metrics whose scrape waits: `asked` resolves when it began, `answer` ends it. */
function heldMetrics() {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<string>();
  const scrape = async () => {
    asked.resolve();
    return { type: Type, body: await answered.promise };
  };
  return { metrics: { ...Sound, scrape }, asked: asked.promise, answer: answered.resolve };
}

/** A plain TCP connection, and everything it is sent until it ends. */
async function dialled({ port }: BoundAddress, { send = "" } = {}) {
  const socket: Socket = connect(port, "127.0.0.1");
  cleanups.push(() => void socket.destroy());
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  socket.on("error", () => undefined);
  const closed = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
  await once(socket, "connect");
  if (send !== "") socket.write(send);
  return { socket, closed, received: () => received };
}

describe("a path", () => {
  test.each([
    { path: "/livez", status: 200, type: "text/plain; charset=utf-8", body: "alive\n" },
    { path: "/livez?verbose", status: 200, type: "text/plain; charset=utf-8", body: "alive\n" },
    { path: "/readyz", status: 200, type: "text/plain; charset=utf-8", body: "ready\n" },
    { path: "/metrics", status: 200, type: Type, body: Exposition },
    {
      path: "/",
      status: 404,
      type: "text/plain; charset=utf-8",
      body: NotFound,
    },
    {
      path: "/metrics/",
      status: 404,
      type: "text/plain; charset=utf-8",
      body: NotFound,
    },
    {
      path: "/__proto__",
      status: 404,
      type: "text/plain; charset=utf-8",
      body: NotFound,
    },
  ])("$path is answered $status, to HEAD without a body", async ({ path, status, type, body }) => {
    const { ask } = await started();
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask(path, { method });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-type")).toBe(type);
      expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(await answer.text()).toBe(method === "GET" ? body : "");
    }
  });

  test.each([
    { method: "POST", status: 405 },
    { method: "PUT", status: 405 },
    { method: "DELETE", status: 405 },
    { method: "OPTIONS", status: 204 },
  ])("tells $method what it takes: $status", async ({ method, status }) => {
    const { ask } = await started();
    const answer = await ask("/metrics", { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    await answer.text();
  });
});

test("/readyz follows the gateway, /livez does not", async () => {
  const { ask, state } = await started({ readiness: "starting" });
  const both = async () => Promise.all([ask("/readyz"), ask("/livez")].map(async (one) => (await one).status));
  const words: string[] = [];
  const statuses: number[][] = [];
  for (const readiness of ["starting", "ready", "draining"] as const) {
    state.readiness = readiness;
    statuses.push(await both());
    words.push(await (await ask("/readyz")).text());
  }
  expect(statuses).toEqual([
    [503, 200],
    [200, 200],
    [503, 200],
  ]);
  expect(words).toEqual(["starting\n", "ready\n", "draining\n"]);
});

test("a scrape that fails is a 500 which says why, and the next one works", async () => {
  let attempts = 0;
  const scrape = () => {
    attempts += 1;
    return attempts === 1 ? Promise.reject(new Error("no sums")) : Sound.scrape();
  };
  const { ask } = await started({ metrics: { ...Sound, scrape } });
  const failed = await ask("/metrics");
  expect([failed.status, await failed.text()]).toEqual([500, "Error: no sums\n"]);
  expect((await ask("/metrics")).status).toBe(200);
});

test("listen rejects where the port is taken", async () => {
  const { address } = await started();
  const second = new AdminServer({ host: "127.0.0.1", port: address.port, ...NoRules, sources: await adminSources() });
  await expect(second.listen()).rejects.toThrow("EADDRINUSE");
  await second.close();
});

describe("deadlines", () => {
  const Short: AdminDeadlines = { headersMs: 50, requestMs: 100, stallMs: 5000, keepAliveMs: 75_000, closeMs: 1000 };

  test.each([
    { what: "a client that says nothing", send: "" },
    { what: "half a field section", send: "GET /livez HTTP/1.1\r\nhost: a\r\nx: " },
    { what: "a body that does not come", send: "POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n" },
  ])("end $what", async ({ send }) => {
    const { address, ask } = await started({ deadlines: Short });
    const { closed } = await dialled(address, { send });
    await closed;
    expect((await ask("/livez")).status).toBe(200);
  });

  test("end a connection on which an answer stands still", async () => {
    const { metrics } = heldMetrics();
    const { address } = await started({ deadlines: { ...Short, stallMs: 100 }, metrics });
    const { closed, received } = await dialled(address, { send: "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n" });
    await closed;
    expect(received()).toBe("");
  });
});

test.each([
  { what: "what is no HTTP", send: "\u0016\u0003\u0001 hello\r\n\r\n" },
  { what: "an upgrade", send: "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n" },
  { what: "a CONNECT", send: "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n" },
  {
    what: "a field section beyond all measure",
    send: `GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(100_000)}\r\n\r\n`,
  },
])("$what harms only its own connection", async ({ send }) => {
  const { address, ask } = await started();
  const { closed } = await dialled(address, { send });
  await closed;
  expect((await ask("/livez")).status).toBe(200);
});

test("connections beyond the sixty-fourth are dropped, and places come back", async () => {
  const { address, ask } = await started();
  const held = await Promise.all(Array.from({ length: 64 }, () => dialled(address)));
  const { closed } = await dialled(address, { send: "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n" });
  expect(await closed).toBe(true);
  for (const { socket, closed: gone } of held) {
    socket.end();
    await gone;
  }
  expect((await ask("/livez")).status).toBe(200);
});

test("a client that leaves before the answer harms nobody", async () => {
  const { metrics, asked, answer } = heldMetrics();
  const { address, ask } = await started({ metrics });
  const { socket, closed } = await dialled(address, { send: "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n" });
  await asked;
  socket.resetAndDestroy();
  await closed;
  answer(Exposition);
  expect((await ask("/livez")).status).toBe(200);
});

describe("close", () => {
  test("ends idle connections and takes no new ones", async () => {
    const { server, address } = await started();
    const { socket, closed, received } = await dialled(address, { send: "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n" });
    await once(socket, "data");
    await server.close();
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 200 [^]*alive\n$/);
    const [error] = await once(connect(address.port, "127.0.0.1"), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("lets an answer out that is on its way", async () => {
    const { metrics, asked, answer } = heldMetrics();
    const { server, ask } = await started({ metrics });
    const scrape = ask("/metrics");
    await asked;
    const closing = server.close();
    answer(Exposition);
    const answered = await scrape;
    expect([answered.headers.get("connection"), await answered.text()]).toEqual(["close", Exposition]);
    await closing;
  });

  test("waits for nobody longer than its deadline", async () => {
    const deadlines = { headersMs: 5000, requestMs: 5000, stallMs: 5000, keepAliveMs: 5000, closeMs: 50 };
    const { server, address } = await started({ deadlines });
    const { closed } = await dialled(address);
    await server.close();
    expect(await closed).toBe(true);
  });

  test("resolves twice, and before listen", async () => {
    const { server } = await started();
    await expect(server.close()).resolves.toBeUndefined();
    await expect(server.close()).resolves.toBeUndefined();
    const silent = new AdminServer({ host: "127.0.0.1", port: 0, ...NoRules, sources: await adminSources() });
    await expect(silent.close()).resolves.toBeUndefined();
  });
});

describe("an action", () => {
  const post = (headers = {}): RequestInit => ({ method: "POST", headers });

  test("is done by POST, and what became of it is told", async () => {
    const { ask, asked } = await started();
    const drained = await ask("/drain", post());
    expect([drained.status, await drained.text()]).toEqual([202, "drain 1\n"]);
    const reloaded = await ask("/reload?now", post());
    expect([reloaded.status, await reloaded.text()]).toEqual([422, "refused 2\n"]);
    expect(asked).toEqual(["drain", "reload"]);
  });

  test.each([
    { method: "GET", status: 405 },
    { method: "HEAD", status: 405 },
    { method: "PUT", status: 405 },
    { method: "OPTIONS", status: 204 },
  ])("is not done by $method", async ({ method, status }) => {
    const { ask, asked } = await started();
    const answer = await ask("/drain", { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([status, "POST, OPTIONS"]);
    expect(asked).toEqual([]);
  });

  test.each(["https://evil.example", "null", "http://127.0.0.1"])("is not done for a page of %s", async (origin) => {
    const { address, asked } = await started();
    const send = `POST /drain HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    const { closed, received } = await dialled(address, { send });
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 403 /);
    expect(asked).toEqual([]);
  });

  test("is for this machine alone", async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4");
    const { address, asked } = await started({ host: "::" });
    const near = await fetch(`http://127.0.0.1:${address.port}/reload`, post());
    expect(near.status).toBe(422);
    // A machine without a network has nobody who could come from elsewhere.
    if (outside === undefined) return;
    const far = await fetch(`http://${outside.address}:${address.port}/reload`, post());
    expect(far.status).toBe(403);
    expect(asked).toEqual(["reload"]);
  });
});
