import { readFileSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { ReservedDescriptors } from "../../src/transport/connection-gate.ts";
import { testCertificate } from "../support/certificates.ts";
import { connectH2, openH1Echo, openH2Echo, type CheckedEcho } from "../support/checked-echo.ts";
import { seriesOf, sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const OpenFiles = 160;
const Clients = 200;
const AcceptFailures = "hawser_client_connections_failed_total";

async function startShortOfFiles(upstream: string) {
  const { certificate, key } = await testCertificate();
  const tls = { certificate: "cert.pem", key: "key.pem" };
  const gateway = await startGateway(
    {
      listeners: [
        { name: "secure", address: "127.0.0.1:0", tls },
        { name: "clear", address: "127.0.0.1:0" },
      ],
      routes: [
        { path: "/echo", handler: "echo" },
        { path: "/relay", upstream: "backend" },
      ],
      upstreams: { backend: { addresses: [upstream] } },
      deadlines: { handshakeMs: 60_000 },
    },
    { "cert.pem": certificate, "key.pem": key },
    OpenFiles,
  );
  onTestFinished(async () => void (await gateway.stop()));
  const portOf = (name: string) => Number(new URL(gateway.listeners.get(name) ?? "").port);
  return { gateway, secure: portOf("secure"), clear: portOf("clear") };
}

/** A message there and back on each of `echoes`. */
async function roundTrip(echoes: readonly CheckedEcho[]): Promise<void> {
  for (const echo of echoes) echo.send(100);
  await vi.waitFor(() => expect(echoes.map(({ outstanding }) => outstanding)).toEqual(echoes.map(() => 0)), 5_000);
  expect(echoes.flatMap(({ fault, closeCode }) => fault ?? closeCode ?? [])).toEqual([]);
}

/** Silent clients of both ports, and how those have ended that have: by the code of their error, or "ended". */
function crowd(ports: readonly number[], count: number) {
  const endings: string[] = [];
  const sockets = Array.from({ length: count }, (_, at): Socket => {
    const socket = connect(ports[at % ports.length] ?? 0, "127.0.0.1");
    socket.on("error", (error: NodeJS.ErrnoException) => endings.push(error.code ?? ""));
    socket.once("end", () => endings.push("ended"));
    return socket.resume();
  });
  const leave = () => sockets.forEach((socket) => socket.destroy());
  onTestFinished(leave);
  return { endings, leave };
}

/** The seconds of processor time that `pid` has had. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function expectNoBusyLoop({ pid }: GatewayProcess): Promise<void> {
  const before = cpuSeconds(pid);
  await delay(1_000);
  expect(cpuSeconds(pid) - before).toBeLessThan(0.5);
}

/** Opens streams to the upstream until the gateway is out of descriptors altogether: how many, and what the next one got. */
async function useUp(session: ClientHttp2Session): Promise<{ opened: number; refusal: string }> {
  for (let opened = 0; ; opened++) {
    const outcome = await openH2Echo(session, "/relay").catch((error: unknown) => String(error));
    if (typeof outcome === "string") return { opened, refusal: outcome };
  }
}

test("hardly a file descriptor is left, then none: clients are refused, live streams go on, and nothing spins", async () => {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const { gateway, secure, clear } = await startShortOfFiles(backend.url);
  const session = await connectH2(secure);
  onTestFinished(() => session.destroy());
  const live = [
    await openH1Echo(secure, "/echo"),
    await openH1Echo(secure, "/relay"),
    await openH2Echo(session, "/echo"),
    await openH2Echo(session, "/relay"),
  ];
  await roundTrip(live);

  const { endings, leave } = crowd([secure, clear], Clients);
  await vi.waitFor(async () => {
    expect(sumOf(await gateway.metrics(), AcceptFailures, { reason: "accept" })).toBe(endings.length);
    expect(endings.length).toBeGreaterThan(Clients + ReservedDescriptors - OpenFiles);
  }, 10_000);
  expect(new Set(endings)).toEqual(new Set(["ECONNRESET"]));
  expect(endings.length).toBeLessThan(Clients - 50);
  const metrics = await gateway.metrics();
  for (const listener of ["secure", "clear"]) {
    expect(metrics.get(seriesOf(AcceptFailures, { listener, reason: "accept" }))).toBeGreaterThan(0);
  }
  await roundTrip(live);
  await expectNoBusyLoop(gateway);

  // What was kept back is for streams of who is there already.
  const { opened, refusal } = await useUp(session);
  expect(refusal).toContain("503");
  expect(opened).toBeGreaterThan(ReservedDescriptors / 2);
  const late = crowd([secure, clear], 20);
  await vi.waitFor(() => expect(late.endings).toHaveLength(20), 5_000);
  await roundTrip(live);
  await expectNoBusyLoop(gateway);

  leave();
  await vi.waitFor(async () => {
    const echo = await openH1Echo(secure, "/relay");
    await roundTrip([echo]);
    echo.destroy();
  }, 5_000);
  await roundTrip(live);
});
