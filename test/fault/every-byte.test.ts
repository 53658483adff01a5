import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { connectH2, openH1EchoOn, openH2Echo, type CheckedEcho } from "../support/checked-echo.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { startWsBackend } from "../support/ws-backend.ts";

// What goes through the gateway is put together with its neighbours, copied into blocks that are used again, and read into
// memory that all share. Many WebSockets at once, messages of any size, readers that stop and clients that go away in the midst
// of it: each byte that comes back is looked at.

const RunMs = 4_000;
const PerWay = 3;
/** Around the sizes at which pieces are copied, blocks end and frames are cut. */
const MostBytes = [8, 126, 520, 2_060, 17_000, 140_000];
const MaxOutstanding = 12;

const oneOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!;

interface Ports {
  readonly main: number;
  readonly secure: number;
}

const Ours = { host: "127.0.0.1", rejectUnauthorized: false, servername: "localhost" } as const;

/** Opens a WebSocket in each way in: over HTTP/1.1 on a connection of its own, over HTTP/2 on one that they share. */
function waysIn({ main, secure }: Ports): readonly ((path: string) => Promise<CheckedEcho>)[] {
  const bare = cleartextSession(main);
  const encrypted = connectH2(secure);
  onTestFinished(async () => (await encrypted).destroy());
  return [
    async (path) => {
      const socket = connect({ port: main, host: Ours.host });
      await once(socket, "connect");
      socket.on("error", () => undefined);
      return await openH1EchoOn(socket, path);
    },
    async (path) => {
      const socket = connectTls({ ...Ours, port: secure, ALPNProtocols: ["http/1.1"] });
      await once(socket, "secureConnect");
      socket.on("error", () => undefined);
      return await openH1EchoOn(socket, path);
    },
    async (path) => await openH2Echo(await bare, path),
    async (path) => await openH2Echo(await encrypted, path),
  ];
}

async function cleartextSession(port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  onTestFinished(() => {
    session.destroy();
  });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  return session;
}

/** A gateway before a backend of another make, before a handler of its own, and before a second gateway over HTTP/2. */
async function startGateways(): Promise<Ports> {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const behind = await startGatewayUnderTest({ routes: [{ path: "/h2", handler: "echo" }] });
  const { port, log } = await startGatewayUnderTest({
    listeners: [
      { name: "main", address: "127.0.0.1:0" },
      { name: "secure", address: "127.0.0.1:0", tls: { selfSigned: "state/self.pem" } },
    ],
    routes: [
      { path: "/handler", handler: "echo" },
      { path: "/h1", upstream: "h1" },
      { path: "/h2", upstream: "h2" },
    ],
    upstreams: {
      h1: { addresses: [backend.url] },
      h2: { addresses: [`ws://127.0.0.1:${behind.port}`], protocol: "h2" },
    },
  });
  const secure = log.map((line) => /\blistening secure https:\S*:(\d+)/.exec(line)?.[1]).find((found) => found);
  return { main: port, secure: Number(secure) };
}

async function untilAllIsBack(echo: CheckedEcho): Promise<void> {
  await vi.waitFor(() => expect([echo.fault, echo.outstanding]).toEqual([undefined, 0]), 10_000);
}

/** Sends, stops reading and reads on by chance until `untilMs`, then waits for the rest; returns how many came back. */
async function converse(open: () => Promise<CheckedEcho>, untilMs: number): Promise<number> {
  let echoed = 0;
  for (let isOver = false; !isOver;) {
    const echo = await open();
    const leavesAtMs = performance.now() + 3_000 * Math.random();
    while (performance.now() < Math.min(untilMs, leavesAtMs)) {
      const most = oneOf(MostBytes);
      for (let burst = oneOf([1, 1, 2, 30]); burst > 0 && echo.outstanding < MaxOutstanding; burst--) echo.send(most);
      if (Math.random() < 0.1) echo.pause();
      await setTimeout(oneOf([0, 0, 1, 5, 20]));
      echo.resume();
      expect([echo.fault, echo.closeCode]).toEqual([undefined, undefined]);
    }
    isOver = performance.now() >= untilMs;
    // Whoever leaves before the end leaves in the midst of what is on its way; one that opened last has sent nothing yet.
    if (isOver) {
      echo.send(8);
      await untilAllIsBack(echo);
    }
    echoed += echo.echoed;
    echo.destroy();
  }
  return echoed;
}

test("each byte comes back as it was sent, whoever stops or leaves beside it", { timeout: 60_000 }, async () => {
  const ports = await startGateways();
  const untilMs = performance.now() + RunMs;
  const conversations = waysIn(ports).flatMap((open) =>
    ["/handler", "/h1", "/h2"].flatMap((path) =>
      Array.from({ length: PerWay }, () => converse(() => open(path), untilMs)),
    ),
  );
  for (const echoed of await Promise.all(conversations)) expect(echoed).toBeGreaterThan(0);
});
