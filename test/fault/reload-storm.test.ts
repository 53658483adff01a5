import type { ClientHttp2Session } from "node:http2";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { CheckedEcho, connectH2, openH1Echo, openH2Echo } from "../support/checked-echo.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const StormMs = 120_000;
const ReloadMs = 1_000;
const H1Streams = 250;
const H2Sessions = 5;
const StreamsPerSession = 50;
const MaxMessageBytes = 2_000;

/** The config of one second: `turn` is in the route that changes, in a limit, and in nothing else. */
function configOf(turn: number, url: string) {
  return {
    listeners: [{ name: "main", address: "127.0.0.1:0", tls: { certificate: "cert.pem", key: "key.pem" } }],
    routes: [
      { name: "relay", path: "/relay", upstream: "echo" },
      { name: "handler", path: "/handler", handler: "echo" },
      { name: "changing", path: "/changing", upstream: "echo", maxStreams: 1_000 + turn },
    ],
    upstreams: { echo: { addresses: [url] } },
    limits: { maxStreamsPerAddress: 10_000 + turn, maxStreamsPerConnection: 200 },
    reload: { changedRouteMs: 3_000 },
    deadlines: { closeSpreadMs: 500, closeMs: 2_000 },
  };
}

async function openStreams(port: number): Promise<CheckedEcho[]> {
  const path = (i: number): string => (i % 2 === 0 ? "/relay" : "/handler");
  const streams: CheckedEcho[] = [];
  for (let i = 0; i < H1Streams; i++) streams.push(await openH1Echo(port, path(i)));
  for (let i = 0; i < H2Sessions; i++) {
    const session = await connectH2(port);
    onTestFinished(() => session.destroy());
    for (let j = 0; j < StreamsPerSession; j++) streams.push(await openH2Echo(session, path(j)));
  }
  onTestFinished(() => {
    for (const stream of streams) stream.destroy();
  });
  return streams;
}

/** A few on the route that changes, opened anew whenever one is closed; tells by which codes they were. */
class ChangingStreams {
  readonly codes: number[] = [];
  readonly #session: ClientHttp2Session;
  readonly #port: number;
  #open: CheckedEcho[] = [];

  constructor(port: number, session: ClientHttp2Session) {
    this.#port = port;
    this.#session = session;
  }

  async refill(): Promise<void> {
    for (const { closeCode } of this.#open) if (closeCode !== undefined) this.codes.push(closeCode);
    this.#open = this.#open.filter(({ closeCode }) => closeCode === undefined);
    while (this.#open.length < 10) {
      const isH1 = this.#open.length % 2 === 0;
      const path = "/changing";
      this.#open.push(await (isH1 ? openH1Echo(this.#port, path) : openH2Echo(this.#session, path)));
    }
    for (const stream of this.#open) stream.send(MaxMessageBytes);
  }

  destroy(): void {
    for (const stream of this.#open) stream.destroy();
  }
}

/** The serial number of the certificate a new connection is shown. */
async function serialNumberAt(port: number): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, servername: "localhost" });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function generationOf(gateway: GatewayProcess): Promise<number> {
  return sumOf(await gateway.metrics(), "hawser_config_generation", {});
}

test(
  "config and certificates change every second for two minutes, and streams of the other routes lose nothing",
  { timeout: StormMs + 60_000 },
  async () => {
    const backend = await startWsBackend();
    onTestFinished(() => backend.stop());
    const certificates = await Promise.all([testCertificate(), testCertificate()]);
    const filesOf = (turn: number) => certificates[turn % 2]!;
    const first = filesOf(0);
    const files = { "cert.pem": first.certificate, "key.pem": first.key };
    const gateway = await startGateway(configOf(0, backend.url), files);
    onTestFinished(() => void gateway.stop());
    const port = Number(new URL(gateway.listeners.get("main") ?? "").port);

    const streams = await openStreams(port);
    const session = await connectH2(port);
    onTestFinished(() => session.destroy());
    const changing = new ChangingStreams(port, session);
    onTestFinished(() => changing.destroy());
    const talk = setInterval(() => {
      for (const stream of streams) stream.send(MaxMessageBytes);
    }, 500);
    onTestFinished(() => clearInterval(talk));

    const serialNumbers = new Set<string>();
    const startedAt = performance.now();
    let turn = 0;
    while (performance.now() - startedAt < StormMs) {
      turn += 1;
      const { certificate, key } = filesOf(turn);
      await Promise.all([
        gateway.replaceFile("cert.pem", certificate),
        gateway.replaceFile("key.pem", key),
        gateway.replaceConfig(configOf(turn, backend.url)),
      ]);
      await changing.refill();
      serialNumbers.add(await serialNumberAt(port));
      await delay(Math.max(0, startedAt + turn * ReloadMs - performance.now()));
    }
    clearInterval(talk);
    await vi.waitFor(() => expect(streams.every(({ outstanding }) => outstanding === 0)).toBe(true), 10_000);

    expect(streams.flatMap(({ fault, closeCode }) => fault ?? closeCode ?? [])).toEqual([]);
    // Two messages a second of each stream, on machines that may be three times slower than they should.
    const echoed = streams.map((stream) => stream.echoed);
    expect(Math.min(...echoed)).toBeGreaterThan(StormMs / 1_500);
    expect(serialNumbers.size).toBe(2);
    expect(await generationOf(gateway)).toBeGreaterThan(turn / 2);
    expect(changing.codes.length).toBeGreaterThan(10);
    expect(new Set(changing.codes)).toEqual(new Set([1012]));
    const total = echoed.reduce((sum, count) => sum + count, 0);
    console.log(
      `${turn} changes, ${await generationOf(gateway)} generations, ${total} messages on ${streams.length} streams`,
    );
    expect(await gateway.stop()).toBe(0);
  },
);
