import { once, type EventEmitter } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Holdings } from "../support/measured-gateway.ts";
import { startMeasuredProcess, type MeasuredProcess } from "../support/measured-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

// 10 000 WebSockets opened and ended in every way must leave nothing behind: no handle, no descriptor, no timer, no object.

const Streams = 10_000;
/** What a warmed-up heap may differ by between two collections, whatever was done between them. */
const HeapNoiseBytes = 1_500_000;

const ClientFrames = {
  text: Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]),
  close: Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]),
  broken: Buffer.from([0x81, 0x02, 0x68, 0x69]),
  half: Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3]),
} as const;

/** How a client ends a stream that has echoed once. */
const Endings = ["close", "end", "reset", "broken", "half"] as const;
type Ending = (typeof Endings)[number];

let backend: WsBackend;
let gateway: MeasuredProcess;

beforeAll(async () => {
  backend = await startWsBackend();
  gateway = await startMeasuredProcess({
    routes: [
      { path: "/relay", upstream: "backend" },
      { path: "/echo", handler: "echo" },
    ],
    upstreams: { backend: { addresses: [backend.url] } },
    http2: { resetBurst: 100_000 },
    // A client that broke a rule does not answer the Close: the deadline ends those streams.
    deadlines: { closeMs: 200 },
  });
}, 30_000);

afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

/** What the gateway holds when no stream is open any more. */
async function settledHoldings(): Promise<Holdings> {
  let held = await gateway.holdings();
  for (let rounds = 0; rounds < 100 && (held.streams > 0 || backend.openSockets > 0); rounds++)
    held = await gateway.holdings();
  return held;
}

function pathOf(index: number): string {
  return index % 4 === 3 ? "/echo" : "/relay";
}

/** The end of a stream or socket, in order or by a reset. */
function closeOf(emitter: EventEmitter): Promise<unknown> {
  return new Promise((resolve) => emitter.once("close", resolve));
}

/** One WebSocket over Extended CONNECT: opens, echoes, ends by `ending`. Resolves when the stream is closed. */
async function overHttp2(session: ClientHttp2Session, index: number, ending: Ending): Promise<void> {
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": pathOf(index),
      ":authority": "churn.test",
      ":scheme": "http",
      "sec-websocket-version": "13",
    },
    { endStream: false },
  );
  stream.on("error", () => undefined);
  const closed = closeOf(stream);
  const [fields] = await once(stream, "response");
  expect(fields[":status"]).toBe(200);
  stream.write(ClientFrames.text);
  await once(stream, "data");
  stream.resume();
  stream.on("end", () => stream.end());
  if (ending === "end") stream.end();
  else if (ending === "reset") stream.close(8);
  else stream.write(ClientFrames[ending]);
  if (ending === "half") stream.close(8);
  await closed;
}

/** The same over an Upgrade, on a TCP connection of its own. */
async function overHttp1(index: number, ending: Ending): Promise<void> {
  const socket = connectTcp(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = closeOf(socket);
  socket.write(
    `GET ${pathOf(index)} HTTP/1.1\r\nHost: churn.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
  socket.write(ClientFrames.text);
  await once(socket, "data");
  socket.resume();
  if (ending === "end") socket.end();
  else if (ending === "reset") socket.resetAndDestroy();
  else socket.write(ClientFrames[ending]);
  if (ending === "half") socket.resetAndDestroy();
  await closed;
}

async function churn(count: number, session: ClientHttp2Session): Promise<void> {
  const Lanes = 50;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const ending = Endings[index % Endings.length]!;
      if (index % 2 === 0) await overHttp2(session, index, ending);
      else await overHttp1(index, ending);
    }
  };
  await Promise.all(Array.from({ length: Lanes }, lane));
}

test(`${Streams} streams opened and ended leave nothing behind`, { timeout: 180_000 }, async () => {
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  // Twice, with a collection between: what the first streams compiled and cached is let go with the second.
  await churn(2_000, session);
  await settledHoldings();
  await churn(2_000, session);
  const before = await settledHoldings();
  await churn(Streams, session);
  const after = await settledHoldings();
  session.close();
  console.log(
    `heap ${before.heapBytes} → ${after.heapBytes} bytes, resources ${before.resources.length} → ${after.resources.length}`,
  );
  expect(after.streams).toBe(0);
  expect(after.warnings).toEqual([]);
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.resources).toEqual(before.resources);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HeapNoiseBytes);
});
