import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClientEndings, liveOverHttp1, liveOverHttp2, maskedText } from "../support/churning-clients.ts";
import type { Holdings } from "../support/measured-gateway.ts";
import { startMeasuredProcess, type MeasuredProcess } from "../support/measured-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

// 10 000 WebSockets opened and ended in every way must leave nothing behind: no handle, no descriptor, no timer, no object.

const Streams = 10_000;
/** What a warmed-up heap may differ by between two collections, whatever was done between them. */
const HeapNoiseBytes = 1_500_000;
const Greeting = maskedText("hi");

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

async function churn(count: number, session: ClientHttp2Session): Promise<void> {
  const Lanes = 50;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const life = { path: pathOf(index), message: Greeting, ending: ClientEndings[index % ClientEndings.length]! };
      if (index % 2 === 0) await liveOverHttp2(session, life);
      else await liveOverHttp1(gateway.port, life);
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
