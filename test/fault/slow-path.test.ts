import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { RawH2Client } from "../support/raw-h2.ts";
import { startSlowPath } from "../support/slow-path.ts";
import { InitialWindowSize, WanClient } from "../support/wan-client.ts";

// One client behind 10 Mbit/s and 150 ms, with several WebSockets on its connection. What one of them carries must not be in
// the way of what another says.

const Path = { bytesPerMs: 1_250, delayMs: 75 };
const WindowBytes = 1_048_576;
const Ramp = 3_000;
/** A frame of another stream that is on the wire already, twice, and the clocks of a busy machine. */
const FairMs = 40;

/** Sends as fast as it is taken. */
function flood(socket: WebSocket): void {
  const message = Buffer.alloc(65_536);
  const next = (): void =>
    socket.send(message, (error) => (error === undefined || error === null ? next() : undefined));
  next();
}

/** Bytes of messages that the backend has read and kept to itself. */
let sunk = 0;

async function startBackend(): Promise<string> {
  const backend = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  onTestFinished(() => {
    for (const socket of backend.clients) socket.terminate();
    backend.close();
  });
  backend.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    if (request.url === "/flood") flood(socket);
    if (request.url === "/sink") socket.on("message", (data) => void (sunk += (data as Buffer).length));
    if (request.url === "/echo") socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(backend, "listening");
  const address = backend.address();
  if (typeof address !== "object" || address === null) throw new Error("not TCP");
  return `ws://127.0.0.1:${address.port}`;
}

async function startWan(): Promise<WanClient> {
  const gateway = await startGatewayUnderTest({
    http2: { engine: "hawser" },
    routes: [{ pathPrefix: "/", upstream: "backend" }],
    upstreams: { backend: { addresses: [await startBackend()] } },
  });
  const path = await startSlowPath(gateway.port, Path);
  onTestFinished(() => path.close());
  const socket = connect({ port: path.port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  const client = await new RawH2Client(socket).handshake([[InitialWindowSize, WindowBytes]]);
  return new WanClient(client);
}

// By node:http2, whose windows are fixed and whose writes nobody bounds, it takes 5.5 times as long, and 1.5 times.
describe("over a slow path a small message takes no longer than it must", () => {
  test("while another stream downloads, and another's reader has stopped", { timeout: 30_000 }, async () => {
    const wan = await startWan();
    await wan.open(1, "/echo");
    const idleMs = await wan.echoMs(1);
    wan.stopped.add(3);
    await wan.open(3, "/flood");
    await wan.open(5, "/flood");
    await setTimeout(Ramp);
    const before = wan.received.get(5) ?? 0;
    const startMs = performance.now();
    const busyMs = await wan.echoMs(1);
    const rate = ((wan.received.get(5) ?? 0) - before) / (performance.now() - startMs);
    expect(busyMs).toBeLessThan(1.2 * idleMs + FairMs);
    expect(rate).toBeGreaterThan(0.5 * Path.bytesPerMs);
    expect(wan.received.get(3)).toBe(WindowBytes);
  });

  test("while another stream uploads", { timeout: 30_000 }, async () => {
    const wan = await startWan();
    await wan.open(1, "/echo");
    await wan.open(3, "/sink");
    const idleMs = await wan.echoMs(1);
    wan.upload(3);
    await setTimeout(Ramp);
    const before = sunk;
    const startMs = performance.now();
    const busyMs = await wan.echoMs(1);
    const rate = (sunk - before) / (performance.now() - startMs);
    expect(rate).toBeGreaterThan(0.5 * Path.bytesPerMs);
    expect(busyMs).toBeLessThan(1.2 * idleMs + FairMs);
  });
});
