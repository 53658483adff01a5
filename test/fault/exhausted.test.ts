import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { connectClient, connectSession, Neighbour } from "../support/loopback-clients.ts";
import { h2Client, type OpeningClient } from "../support/opening-client.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

// A gateway that has run out of descriptors, or of ports to connect from: openings are refused for now, and nobody else feels it.

const LiveStreams = 5;

async function startRelay(sourceAddresses: readonly string[] = []) {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const gateway = await startGateway({
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    routes: [{ name: "chat", pathPrefix: "/", upstream: "backend" }],
    upstreams: { backend: { addresses: [backend.url], sourceAddresses } },
    deadlines: { closeMs: 300 },
  });
  onTestFinished(async () => void (await gateway.stop()));
  return { gateway, backend, port: Number(new URL(gateway.listeners.get("main") ?? "").port) };
}

function descriptorsOf(gateway: GatewayProcess): number[] {
  return readdirSync(`/proc/${gateway.pid}/fd`).map(Number);
}

/** Leaves `gateway` room for `more` descriptors: sets the soft limit of RLIMIT_NOFILE, which no number may reach. */
async function allow(gateway: GatewayProcess, more: number): Promise<void> {
  const open = descriptorsOf(gateway);
  let limit = 0;
  for (let free = 0; free < more; limit++) if (!open.includes(limit)) free++;
  await promisify(execFile)("prlimit", ["--pid", String(gateway.pid), `--nofile=${limit}:`]);
}

async function ask(client: OpeningClient) {
  client.ask({ path: "/" });
  return await client.response();
}

async function limitsHit(gateway: GatewayProcess, limit: string): Promise<number> {
  return sumOf(await gateway.metrics(), "hawser_limits_hit_total", { limit });
}

async function expectRefusedForNow(client: OpeningClient): Promise<void> {
  const { status, fields } = await ask(client);
  expect(status).toBe(503);
  expect(Number(new Map(fields).get("retry-after"))).toBeGreaterThanOrEqual(1);
}

async function allFeelNothing(neighbours: readonly Neighbour[]): Promise<void> {
  await Promise.all(neighbours.map((one) => one.feelsNothing()));
}

test("descriptors: 503 on h1 and h2, those who have a WebSocket feel nothing, and it goes on when there are some", async () => {
  const { gateway, port } = await startRelay();
  const session = await connectSession(port);
  const live: Neighbour[] = [];
  for (let i = 0; i < LiveStreams; i++) live.push(await Neighbour.open(h2Client(session), { path: "/" }));
  const before = descriptorsOf(gateway).length;
  const connected = await Promise.all([1, 2, 3].map(() => connectClient(port, "1.1")));
  await expect.poll(() => descriptorsOf(gateway).length).toBe(before + connected.length);
  await allow(gateway, 2);

  const taken: OpeningClient[] = [];
  let status = 200;
  while (status === 200) {
    const client = h2Client(session);
    ({ status } = await ask(client));
    if (status === 200) taken.push(client);
  }
  expect(status).toBe(503);
  expect(taken.length).toBeLessThanOrEqual(2);
  await expectRefusedForNow(h2Client(session));
  for (const client of connected) await expectRefusedForNow(client);
  await allFeelNothing(live);

  for (const client of taken) client.leave();
  await expect.poll(async () => (await ask(h2Client(session))).status, { timeout: 5_000 }).toBe(200);
  await allow(gateway, 100);
  expect(await limitsHit(gateway, "descriptors")).toBeGreaterThanOrEqual(2 + connected.length);
  await allFeelNothing(live);
});

describe("source addresses", () => {
  const peers = (backend: WsBackend): unknown[] => backend.sockets.map(({ remoteAddress }) => remoteAddress);

  test("are seen by the upstream in turn", async () => {
    const { backend, port } = await startRelay(["127.0.0.2", "127.0.0.3"]);
    const session = await connectSession(port);
    for (let i = 0; i < 4; i++) await Neighbour.open(h2Client(session), { path: "/" });
    expect(peers(backend)).toEqual(["127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3"]);
  });

  test("that have no port left are passed over, as long as there is another", async () => {
    const { gateway, backend, port } = await startRelay(["203.0.113.1", "127.0.0.3"]);
    const session = await connectSession(port);
    for (let i = 0; i < 4; i++) await Neighbour.open(h2Client(session), { path: "/" });
    expect(peers(backend)).toEqual(["127.0.0.3", "127.0.0.3", "127.0.0.3", "127.0.0.3"]);
    expect(await limitsHit(gateway, "ports")).toBe(2);
  });

  test("of which none has a port left: 503, each tried once", async () => {
    const { gateway, port } = await startRelay(["203.0.113.1", "203.0.113.2"]);
    await expectRefusedForNow(h2Client(await connectSession(port)));
    await expectRefusedForNow(await connectClient(port, "1.1"));
    expect(await limitsHit(gateway, "ports")).toBe(4);
  });
});

test("ports: each source address has its own, and one that is given back is used again", async () => {
  // In a network of its own, which has four ports to give.
  const range = "/proc/sys/net/ipv4/ip_local_port_range";
  const script = `ip link set lo up && echo "40000 40003" > ${range} && exec "$@"`;
  const dialer = [process.execPath, join(import.meta.dirname, "../support/port-dialer.ts")];
  const sources = ["-", "127.0.0.2", "127.0.0.3"];
  const args = ["--map-root-user", "--net", "sh", "-c", script, "sh", ...dialer, ...sources];
  const { stdout } = await promisify(execFile)("unshare", args, { timeout: 30_000 });
  const four = "accepted, accepted, accepted, accepted, exhausted ports, accepted";
  expect(stdout.trim().split("\n")).toEqual([four, four, four]);
});
