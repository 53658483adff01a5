import { once } from "node:events";
import { Agent, createServer, request, type Server } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMeasuredProcess, type MeasuredProcess } from "../support/measured-process.ts";

// Thousands of ordinary requests that were answered must leave nothing behind: no timer, no descriptor, no object.

const Requests = 4_000;
const AtOnce = 50;
/** What a warmed-up heap may differ by between two collections, whatever was done between them. */
const HeapNoiseBytes = 1_500_000;

/** An answer in one part, one in several, one to content, one of the gateway's own. */
const Wishes = [
  { method: "GET", path: "/one", content: "" },
  { method: "GET", path: "/parts", content: "" },
  { method: "POST", path: "/one", content: "x".repeat(5_000) },
  { method: "GET", path: "/echo", content: "" },
] as const;
type Wish = (typeof Wishes)[number];

let origin: Server;
let gateway: MeasuredProcess;

beforeAll(async () => {
  origin = createServer((asked, answer) => {
    asked.resume();
    if (asked.url === "/parts") for (let i = 0; i < 4; i++) answer.write("y".repeat(2_000));
    asked.once("end", () => answer.end("z".repeat(1_000)));
  });
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  gateway = await startMeasuredProcess({
    routes: [{ path: "/echo", handler: "echo" }, { upstream: "origin" }],
    upstreams: { origin: { addresses: [`http://127.0.0.1:${(origin.address() as AddressInfo).port}`] } },
    log: { requests: false },
  });
}, 30_000);

afterAll(async () => {
  await gateway.stop();
  origin.closeAllConnections();
  origin.close();
});

async function overHttp2(session: ClientHttp2Session, { method, path, content }: Wish): Promise<void> {
  const stream = session.request({ ":method": method, ":path": path }, { endStream: content === "" });
  stream.resume();
  if (content !== "") stream.end(content);
  await once(stream, "close");
}

async function overHttp1(agent: Agent, { method, path, content }: Wish): Promise<void> {
  const sent = request({ agent, host: "127.0.0.1", port: gateway.port, method, path });
  sent.end(content);
  const [answer] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  answer.resume();
  await once(answer, "end");
}

async function ask(one: (wish: Wish) => Promise<void>, count: number): Promise<void> {
  let asked = 0;
  const inTurn = async (): Promise<void> => {
    while (asked < count) await one(Wishes[asked++ % Wishes.length]!);
  };
  await Promise.all(Array.from({ length: AtOnce }, inTurn));
}

test.each(["1.1", "2"] as const)("answered requests over HTTP/%s leave nothing behind", async (httpVersion) => {
  const agent = new Agent({ keepAlive: true, maxSockets: AtOnce });
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  const one = (wish: Wish) => (httpVersion === "2" ? overHttp2(session, wish) : overHttp1(agent, wish));
  await ask(one, Requests / 4);
  const before = await gateway.holdings();
  await ask(one, Requests);
  const after = await gateway.holdings();
  agent.destroy();
  session.destroy();
  // Connections that are kept alive come and go with their timers, but not by the thousand.
  expect(Math.abs(after.resources.length - before.resources.length)).toBeLessThan(4 * AtOnce);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HeapNoiseBytes);
});
