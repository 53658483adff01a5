import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { connectH2, openH1Echo, openH2Echo, type CheckedEcho } from "../support/checked-echo.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { quantile, RoundTrips } from "../support/round-trips.ts";
import type { StormReport } from "../support/storm-clients.ts";

const Processes = 3;
const ClientsOfEach = 1_000;
const LiveOfEachVersion = 100;
const StreamsPerSession = 25;
const Clients = Processes * ClientsOfEach;
const SettleMs = 1_000;
const QuietMs = 3_000;
/** Below that it is the machine's other work that is measured. */
const LeastQuietMs = 5;
/**
 * On two cores the ratio is 5 to 10, and twice that while others use the machine too; with `maxHandshakes: 10000`, which is
 * as good as none, it is 230 to 450: two seconds.
 */
const MostRatio = 80;

async function startFrontDoor(): Promise<GatewayProcess> {
  // A dear one, as some have: the server's signature costs some milliseconds.
  const made = await generate([{ name: "commonName", value: "localhost" }], { keyType: "rsa", keySize: 4_096 });
  const config = {
    listeners: [{ name: "main", address: "127.0.0.1:0", tls: { certificate: "cert.pem", key: "key.pem" } }],
    routes: [{ pathPrefix: "/", handler: "echo" }],
    // The clients' half of the handshakes has to be reckoned on this machine too.
    deadlines: { handshakeMs: 60_000, headersMs: 60_000, idleConnectionMs: 60_000, closeSpreadMs: 0 },
  };
  const gateway = await startGateway(config, { "cert.pem": made.cert, "key.pem": made.private });
  onTestFinished(async () => void (await gateway.stop()));
  return gateway;
}

/** The live ones: half of them over HTTP/1.1, half as streams of a few HTTP/2 connections. */
async function openLive(port: number): Promise<CheckedEcho[]> {
  const streams: CheckedEcho[] = [];
  for (let at = 0; at < LiveOfEachVersion; at++) streams.push(await openH1Echo(port, "/"));
  for (let at = 0; at < LiveOfEachVersion; at += StreamsPerSession) {
    const session = await connectH2(port);
    onTestFinished(() => session.destroy());
    for (let one = 0; one < StreamsPerSession; one++) streams.push(await openH2Echo(session, "/"));
  }
  onTestFinished(() => streams.forEach((stream) => stream.destroy()));
  return streams;
}

/** Processes whose clients wait for the word. */
async function readyClients(port: number): Promise<ChildProcess[]> {
  const script = join(import.meta.dirname, "../support/storm-clients.ts");
  const children = Array.from({ length: Processes }, () => fork(script, [String(port), String(ClientsOfEach)]));
  onTestFinished(() => children.forEach((child) => child.disconnect()));
  await Promise.all(children.map((child) => once(child, "message")));
  return children;
}

/** All clients at once; what became of them. */
async function storm(children: readonly ChildProcess[]): Promise<StormReport[]> {
  const reports = children.map(async (child) => {
    const [report] = (await once(child, "message")) as [StormReport];
    return report;
  });
  for (const child of children) child.send("go");
  return await Promise.all(reports);
}

/** How many the gateway has counted, once that are `expected` or for long enough: it hears of a client's end after that client. */
async function countedFailures(gateway: GatewayProcess, expected: number): Promise<number> {
  for (const deadline = AbortSignal.timeout(10_000); ; await delay(100)) {
    const metrics = await gateway.metrics();
    const late = sumOf(metrics, "hawser_openings_total", { result: "deadline" });
    const counted = sumOf(metrics, "hawser_client_connections_failed_total") + late;
    if (counted >= expected || deadline.aborted) return counted;
  }
}

test("3 000 TLS clients at once beside 200 live streams", { timeout: 120_000 }, async () => {
  const gateway = await startFrontDoor();
  const port = Number(new URL(gateway.listeners.get("main") ?? "").port);
  const live = await openLive(port);
  const clients = await readyClients(port);
  const trips = new RoundTrips(live);
  onTestFinished(() => trips.stop());
  await delay(SettleMs);
  trips.take();
  await delay(QuietMs);
  const quietMs = quantile(trips.take(), 0.99);
  const startedAtMs = performance.now();
  const reports = await storm(clients);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const stormMs = quantile(trips.take(), 0.99);
  const ratio = stormMs / Math.max(quietMs, LeastQuietMs);

  const served = reports.reduce((sum, report) => sum + report.served, 0);
  const counted = await countedFailures(gateway, Clients - served);
  console.log(
    `round trip p99: quiet ${quietMs.toFixed(1)} ms, in the storm ${stormMs.toFixed(1)} ms, ratio ${ratio.toFixed(1)}; ` +
      `${served} of ${Clients} served in ${seconds.toFixed(1)} s, ${counted} failures counted`,
  );
  expect(reports.flatMap(({ failed }) => Object.values(failed)).reduce((sum, count) => sum + count, served)).toBe(
    Clients,
  );
  expect(served + counted).toBe(Clients);
  expect(live.flatMap(({ fault, closeCode }) => fault ?? closeCode ?? [])).toEqual([]);
  expect(ratio).toBeLessThan(MostRatio);
});
