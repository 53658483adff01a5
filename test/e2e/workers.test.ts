import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { seriesOf, sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayConfig, type GatewayProcess } from "../support/gateway-process.ts";
import type { HttpVersion } from "../support/live-echo.ts";
import { openPlaced, SaysWhere, type PlacedClient } from "../support/worker-clients.ts";

// `hawser run` with two workers, as its clients and its operator see it. Every client is on a connection of its own.

const Versions: readonly HttpVersion[] = ["1.1", "2"];

const Config: GatewayConfig = {
  workers: 2,
  listeners: [{ name: "main", address: "127.0.0.1:0" }],
  routes: [{ name: "where", path: "/where", handler: "./where.mjs" }],
  deadlines: { closeMs: 500, drainMs: 5_000, closeSpreadMs: 100 },
  reload: { watch: false },
};

async function start(config: object = {}, files: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const gateway = await startGateway({ ...Config, ...config }, { "where.mjs": SaysWhere, ...files });
  onTestFinished(async () => {
    gateway.signal("SIGTERM");
    gateway.signal("SIGINT");
    await gateway.exited;
  });
  return gateway;
}

/** `count` clients one after the other, over each HTTP version in turn. */
async function openMany(gateway: GatewayProcess, count: number, path = "/where"): Promise<PlacedClient[]> {
  const clients: PlacedClient[] = [];
  for (let at = 0; at < count; at += 1) clients.push(await openPlaced(gateway, Versions[at % 2]!, path));
  return clients;
}

function countByPid(clients: readonly PlacedClient[]): number[] {
  return Array.from(Map.groupBy(clients, ({ pid }) => pid).values(), (some) => some.length);
}

/** Resolves with the clients of the worker that has the first of them, and the others. */
function bySharing(clients: readonly PlacedClient[]) {
  const pid = clients[0]?.pid ?? 0;
  return {
    pid,
    ofIt: clients.filter((client) => client.pid === pid),
    ofOthers: clients.filter((client) => client.pid !== pid),
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when the log says so: it comes a little later than what it tells of. */
async function said(gateway: GatewayProcess, what: RegExp): Promise<void> {
  await vi.waitFor(() => expect(gateway.log).toMatch(what));
}

const post = async (gateway: GatewayProcess, action: string) => {
  const response = await fetch(`${gateway.admin}/${action}`, { method: "POST" });
  return { status: response.status, text: await response.text() };
};

test("200 connections are shared evenly, one page counts them all, and no number is given twice", async () => {
  const gateway = await start();
  const clients = await openMany(gateway, 200);
  expect(countByPid(clients)).toEqual([100, 100]);

  const metrics = await gateway.metrics();
  for (const protocol of ["h1", "h2"]) {
    expect(sumOf(metrics, "hawser_streams_open", { route: "where", protocol })).toBe(100);
    expect(sumOf(metrics, "hawser_client_connections_open", { protocol })).toBe(100);
    expect(sumOf(metrics, "hawser_stream_frames_total", { protocol, direction: "to_client", opcode: "text" })).toBe(
      100,
    );
  }
  expect(metrics.get("hawser_build_info" + seriesOf("", { version: "0.1.0" }))).toBe(1);
  for (const worker of ["1", "2"]) expect(metrics.get(seriesOf("hawser_worker_up", { worker }))).toBe(1);
  for (const worker of ["1", "2", "primary"]) {
    expect(metrics.get(seriesOf("process_resident_memory_bytes", { worker }))).toBeGreaterThan(0);
  }

  await vi.waitFor(() => {
    const opened = [...gateway.log.matchAll(/^\[[12]\] \S+ \+ where .* connection (\d+)/gm)];
    expect([opened.length, new Set(opened.map(([, id]) => id)).size]).toEqual([200, 200]);
  });
  expect((await fetch(`${gateway.admin}/readyz`)).status).toBe(200);
});

test("a worker is killed: its streams end, the others' go on, and another one takes its place", async () => {
  const gateway = await start();
  const clients = await openMany(gateway, 8);
  await gateway.metrics();
  const { pid, ofIt, ofOthers } = bySharing(clients);
  process.kill(pid, "SIGKILL");
  await Promise.all(ofIt.map(({ gone }) => gone));
  expect(await Promise.all(ofOthers.map((client) => client.ask()))).toEqual(
    ofOthers.map((client) => `Text ${client.pid}`),
  );
  await vi.waitFor(async () => {
    expect(sumOf(await gateway.metrics(), "hawser_worker_up")).toBe(2);
  }, 10_000);
  await said(gateway, /error: worker [12] ended \(SIGKILL\), and its streams with it; another one/);
  const metrics = await gateway.metrics();
  expect(sumOf(metrics, "hawser_worker_restarts_total")).toBe(1);
  expect(sumOf(metrics, "hawser_streams_open")).toBe(4);
  // What the one that ended had counted is not forgotten.
  expect(sumOf(metrics, "hawser_streams_opened_total")).toBe(8);
  // The new one has the fewest connections until it has as many as the other.
  const more = await openMany(gateway, 4);
  expect(more.map((client) => [pid, ofOthers[0]?.pid].includes(client.pid))).toEqual(Array(4).fill(false));
  expect(new Set(more.map((client) => client.pid)).size).toBe(1);
});

test("a reload is taken over by all, or by none; streams of other routes do not notice", async () => {
  const gateway = await start({}, { "broken.mjs": `throw new Error("broken");` });
  const clients = await openMany(gateway, 4);
  const where = Config["routes"];
  const routes = Array.isArray(where) ? where : [];

  const withRoute = (handler: string) => ({ ...Config, routes: [...routes, { name: "new", path: "/new", handler }] });
  await gateway.replaceConfig(withRoute("./broken.mjs"));
  const refused = await post(gateway, "reload");
  expect([refused.status, refused.text]).toEqual([
    422,
    expect.stringMatching(/worker 1: .*broken\.mjs.*; worker 2: .*broken\.mjs/s),
  ]);
  expect(sumOf(await gateway.metrics(), "hawser_config_generation")).toBe(1);

  await gateway.replaceConfig(withRoute("./where.mjs"));
  const applied = await post(gateway, "reload");
  expect(applied).toEqual({
    status: 200,
    text: "taken over: routes +new\nworker 1: taken over\nworker 2: taken over\n",
  });
  expect(countByPid(await openMany(gateway, 4, "/new"))).toEqual([2, 2]);
  expect(await Promise.all(clients.map((client) => client.ask()))).toEqual(clients.map(({ pid }) => `Text ${pid}`));

  await gateway.replaceConfig({ ...Config, workers: 3 });
  const pending = await post(gateway, "reload");
  expect(pending.text).toContain("\nworkers: 3 instead of 2 needs a new start of hawser\n");
  await said(gateway, /workers: 3 instead of 2 needs a new start of hawser/);
});

test("SIGTERM closes the streams of all with 1012 and waits for them; then the exit code is 0", async () => {
  const gateway = await start();
  const clients = await openMany(gateway, 6);
  gateway.signal("SIGTERM");
  const closes = clients.map(async (client) => {
    const close = await client.next();
    client.close();
    return close;
  });
  expect(await Promise.all(closes)).toEqual(Array(6).fill("Close 1012"));
  expect(await gateway.exited).toBe(0);
  expect(clients.filter(({ pid }) => isAlive(pid))).toEqual([]);
});

test("POST /drain says how many streams each has to close", async () => {
  const gateway = await start();
  const clients = await openMany(gateway, 3);
  const { status, text } = await post(gateway, "drain");
  expect([status, text]).toEqual([
    202,
    expect.stringMatching(/^draining: 3 streams \(worker 1: [12], worker 2: [12]\)/),
  ]);
  expect(await Promise.all(clients.map((client) => client.next()))).toEqual(Array(3).fill("Close 1012"));
  expect((await fetch(`${gateway.admin}/readyz`)).status).toBe(503);
});

test("without the process above, the workers close their streams and end", async () => {
  const gateway = await start();
  const clients = await openMany(gateway, 4);
  gateway.signal("SIGKILL");
  const closes = clients.map(async (client) => {
    const close = await client.next();
    client.close();
    return close;
  });
  expect(await Promise.all(closes)).toEqual(Array(4).fill("Close 1012"));
  await vi.waitFor(() => expect(clients.filter(({ pid }) => isAlive(pid))).toEqual([]), 5_000);
});

test("workers that end again and again end the gateway, behind a drain, with exit code 3", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hawser-workers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const flag = join(folder, "flag");
  const deadly = `import { existsSync } from "node:fs";
    if (existsSync(${JSON.stringify(flag)})) process.kill(process.pid, "SIGKILL");`;
  const gateway = await start({}, { "where.mjs": deadly + SaysWhere });
  const clients = await openMany(gateway, 2);
  await writeFile(flag, "");
  const { pid, ofOthers } = bySharing(clients);
  process.kill(pid, "SIGKILL");
  expect(await gateway.exited).toBe(3);
  expect(await ofOthers[0]?.next()).toBe("Close 1012");
  await said(gateway, /hawser cannot go on: workers keep ending: 6 ended within 30 s, the last one by SIGKILL/);
});

test("a session ticket of one worker is good at the other, and all show the same self-made certificate", async () => {
  const tls = { selfSigned: "state/self.pem" };
  const gateway = await start({ listeners: [...Config.listeners, { name: "tls", address: "127.0.0.1:0", tls }] });
  const port = Number(new URL(gateway.listeners.get("tls") ?? "").port);
  const options = {
    port,
    host: "127.0.0.1",
    servername: "localhost",
    rejectUnauthorized: false,
    ALPNProtocols: ["h2"],
  };
  const connect = async (more: ConnectionOptions) => {
    const socket = connectTls({ ...options, ...more });
    onTestFinished(() => void socket.destroy());
    const session = once(socket, "session");
    await once(socket, "secureConnect");
    return { session, isResumed: socket.isSessionReused(), serial: socket.getPeerCertificate().serialNumber };
  };
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const limits = { minVersion: version, maxVersion: version };
    const first = await connect(limits);
    const [session] = await first.session;
    // All stay open: they are shared out among both.
    const others = await Promise.all([1, 2, 3, 4].map(() => connect({ ...limits, session })));
    expect(others.map(({ isResumed }) => isResumed)).toEqual(Array(4).fill(true));
    expect(new Set((await Promise.all([1, 2].map(() => connect(limits)))).map(({ serial }) => serial)).size).toBe(1);
  }
});

test("the process of an upstream runs once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hawser-workers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "starts");
  const script = `require("node:fs").appendFileSync(${JSON.stringify(file)}, "x"); process.stdin.resume();`;
  const upstreams = { own: { addresses: ["ws://127.0.0.1:1"], command: ["node", "-e", script] } };
  const gateway = await start({ upstreams });
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), 5_000);
  await openMany(gateway, 2);
  expect(await readFile(file, "utf8")).toBe("x");
});
