import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { hex } from "../support/bits.ts";
import { startMeasuredProcess, type MeasuredProcess } from "../support/measured-process.ts";

// A client that does not read: what its backend sends must stop before it fills memory, and nobody else may feel it.

const MessageBytes = 65_536;
/** Kernel buffers of two TCP connections on loopback (tcp_rmem and tcp_wmem allow 6 and 4 MiB each) and what hawser holds. */
const MostInFlightBytes = 24 * 1024 * 1024;
/** What the gateway may hold for one stalled stream: a read, its write queue, a window. */
const MostHeldBytes = 2 * 1024 * 1024;
const ClientText = hex("81 82 00000000 6869");

let backend: WebSocketServer;
let gateway: MeasuredProcess;
/** Bytes that the last socket on /flood has handed to its TCP socket. */
let flooded = 0;

beforeAll(async () => {
  backend = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  backend.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    if (request.url === "/flood") flood(socket);
    else socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(backend, "listening");
  const address = backend.address();
  if (typeof address !== "object" || address === null) throw new Error("not TCP");
  gateway = await startMeasuredProcess({
    routes: [{ pathPrefix: "/", upstream: "backend" }],
    upstreams: { backend: { addresses: [`ws://127.0.0.1:${address.port}`] } },
    deadlines: { writeStallMs: 60_000 },
  });
}, 30_000);

afterAll(async () => {
  for (const client of backend.clients) client.terminate();
  await gateway.stop();
  backend.close();
});

/** Sends as long as TCP takes it: the callback of `send` waits for the kernel. */
function flood(socket: WebSocket): void {
  flooded = 0;
  const message = Buffer.alloc(MessageBytes);
  const next = (): void => {
    flooded += MessageBytes;
    socket.send(message, (error) => (error === undefined || error === null ? next() : undefined));
  };
  next();
}

/** Bytes flooded when three looks in a row, each some time behind the other, found no more. */
async function stalledFlood(): Promise<number> {
  let last = -1;
  for (let same = 0; same < 3; same = last === flooded ? same + 1 : 0) {
    last = flooded;
    await setTimeout(200);
    await gateway.holdings();
  }
  return last;
}

function isBelow(goal: number): boolean {
  return flooded < goal;
}

async function openOverHttp2(session: ClientHttp2Session, path: string) {
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": "slow.test",
      ":path": path,
      "sec-websocket-version": "13",
    },
    { endStream: false },
  );
  stream.on("error", () => undefined);
  const [fields] = await once(stream, "response");
  expect(fields[":status"]).toBe(200);
  return stream;
}

async function openOverHttp1(path: string) {
  const socket = connectTcp(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: slow.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  await once(socket, "readable");
  expect(String(socket.read(12))).toBe("HTTP/1.1 101");
  return socket;
}

/** Echoes one small message `count` times, one after the other. */
async function echo(stream: Readable & { write(bytes: Uint8Array): boolean }, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const echoed = once(stream, "data");
    stream.write(ClientText);
    await echoed;
  }
}

async function session(): Promise<ClientHttp2Session> {
  const opened = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  opened.on("error", () => undefined);
  await once(opened, "remoteSettings");
  return opened;
}

describe.each([
  {
    name: "HTTP/1.1",
    open: async () => ({ slow: await openOverHttp1("/flood"), sibling: await openOverHttp1("/echo") }),
  },
  {
    name: "HTTP/2, both on one connection",
    open: async () => {
      const shared = await session();
      return { slow: await openOverHttp2(shared, "/flood"), sibling: await openOverHttp2(shared, "/echo") };
    },
  },
])("a client that does not read, over $name", ({ open }) => {
  test("holds its backend, costs bounded memory, and its sibling goes on", { timeout: 90_000 }, async () => {
    const before = await gateway.holdings();
    const { slow, sibling } = await open();
    slow.pause();
    const stoppedAt = await stalledFlood();
    expect(stoppedAt).toBeLessThan(MostInFlightBytes);
    const during = await gateway.holdings();
    const held = during.bufferBytes + during.heapBytes - before.bufferBytes - before.heapBytes;
    expect(held).toBeLessThan(MostHeldBytes);
    if (sibling.readableLength > 0) sibling.read();
    await echo(sibling, 200);
    expect(flooded).toBeLessThan(MostInFlightBytes);
    slow.resume();
    const goal = flooded + 4 * 1024 * 1024;
    while (isBelow(goal)) await once(slow, "data");
    const ends = [...backend.clients].map((client) => once(client, "close"));
    slow.destroy();
    sibling.destroy();
    await Promise.all(ends);
  });
});
