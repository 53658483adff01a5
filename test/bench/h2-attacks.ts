// What attacks on HTTP/2 cost a proxy, beside nghttpx and HAProxy: `node test/bench/h2-attacks.ts [seconds of each] [part of a name]`.
// Needs nghttpx (nghttp2-proxy), haproxy and taskset. The proxy has one core, attacker, neighbour and origin the other one.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { childrenOf, cpuSeconds, startOnCore } from "../support/bench-process.ts";
import { H2Attacks, type H2Attack } from "../support/h2-attacks.ts";
import { memoryOf } from "../support/process-memory.ts";
import { Preface, settingsFrame } from "../support/raw-h2.ts";

const Seconds = Number(process.argv[2] ?? 2);
const Attacks = H2Attacks.filter(({ what }) => what.includes(process.argv[3] ?? ""));
const ProxyCore = "0";
const LoadCore = "1";
const OriginPort = 9_280;
const Ports = { hawser: 9_281, nghttpx: 9_282, haproxy: 9_283 };
const Peers = ["hawser", "nghttpx", "haproxy"] as const;
type Peer = (typeof Peers)[number];

/** Answers requests once they are whole, and echoes on WebSockets. */
const Origin = `
const { createServer } = require("node:http");
const { WebSocketServer } = require("ws");
const server = createServer((request, response) => request.resume().on("end", () => response.end("answer")));
new WebSocketServer({ server }).on("connection", (socket) => socket.on("error", () => {}).on("message", (data) => socket.send(data)));
server.listen(${OriginPort}, "127.0.0.1");
`;

const Configs: Readonly<Record<Peer, string>> = {
  hawser: JSON.stringify({
    listeners: [{ name: "main", address: `127.0.0.1:${Ports.hawser}` }],
    http2: { engine: "hawser" },
    routes: [{ upstream: "origin" }],
    upstreams: { origin: { addresses: [`http://127.0.0.1:${OriginPort}`] } },
    admin: { address: "127.0.0.1:0" },
    limits: { maxConnections: 1_000, maxStreams: 4_000 },
    deadlines: { drainMs: 100, closeSpreadMs: 10 },
    log: { requests: false },
  }),
  nghttpx: `frontend=127.0.0.1,${Ports.nghttpx};no-tls
backend=127.0.0.1,${OriginPort};;proto=http/1.1
workers=1
accesslog-file=/dev/null
errorlog-file=/dev/null
`,
  haproxy: `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 3600s
frontend f
  bind 127.0.0.1:${Ports.haproxy} proto h2
  default_backend b
backend b
  server s 127.0.0.1:${OriginPort}
`,
};

/** What one attack cost. */
interface Cost {
  readonly cpuSeconds: number;
  readonly attackerSeconds: number;
  readonly grownMiB: number;
  readonly connections: number;
  /** The longest that a neighbour had to wait for an answer; Infinity where none came. */
  readonly slowestMs: number;
}

/** Starts all, one attack after the other, and prints a table in Markdown. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-attacks-"));
  const processes: ChildProcess[] = [];
  const start = async (core: string, port: number, ...command: [string, ...string[]]): Promise<ChildProcess> => {
    const child = await startOnCore(core, port, ...command);
    processes.push(child);
    return child;
  };
  try {
    for (const peer of Peers) await writeFile(join(folder, peer), Configs[peer]);
    await start(LoadCore, OriginPort, process.execPath, "-e", Origin);
    const commands: Readonly<Record<Peer, [string, ...string[]]>> = {
      hawser: [process.execPath, "src/cli/main.ts", "run", join(folder, "hawser")],
      nghttpx: ["nghttpx", "--conf", join(folder, "nghttpx")],
      haproxy: ["haproxy", "-db", "-f", join(folder, "haproxy")],
    };
    console.log(`| ${["attack", ...Peers].join(" | ")} |`);
    console.log(`| ${["attack", ...Peers].map(() => "---").join(" | ")} |`);
    for (const attack of Attacks) {
      const cells: string[] = [];
      for (const peer of Peers) {
        // A fresh one each, so that no attack pays for the one before.
        const child = await start(ProxyCore, Ports[peer], ...commands[peer]);
        cells.push(cellOf(await measured(attack, Ports[peer], child.pid ?? 0)));
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      console.log(`| ${[attack.what, ...cells].join(" | ")} |`);
    }
  } finally {
    for (const child of processes) child.kill("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
}

function cellOf({ cpuSeconds: cpu, attackerSeconds, grownMiB, connections, slowestMs }: Cost): string {
  const share = `${((100 * cpu) / Seconds).toFixed(0)} % (${((100 * attackerSeconds) / Seconds).toFixed(0)} %)`;
  const memory = `${grownMiB > 0 ? "+" : ""}${grownMiB.toFixed(0)} MiB`;
  const waited = slowestMs === Infinity ? "never" : `${slowestMs.toFixed(0)} ms`;
  return `${share}, ${memory}, ${connections}, ${waited}`;
}

async function measured(attack: H2Attack, port: number, pid: number): Promise<Cost> {
  // Compiled, and with its buffers, before anything counts.
  await neighbour(port, performance.now() + 300);
  const before = await cpuSeconds(pid);
  const beforeBytes = await residentBytes(pid);
  const ownBefore = process.cpuUsage();
  const untilMs = performance.now() + 1_000 * Seconds;
  const [connections, slowestMs] = await Promise.all([attacks(attack, port, untilMs), neighbour(port, untilMs)]);
  const { user, system } = process.cpuUsage(ownBefore);
  return {
    cpuSeconds: (await cpuSeconds(pid)) - before,
    attackerSeconds: (user + system) / 1e6,
    grownMiB: ((await residentBytes(pid)) - beforeBytes) / 1_048_576,
    connections,
    slowestMs,
  };
}

async function residentBytes(pid: number): Promise<number> {
  const pids = [pid, ...(await childrenOf(pid))];
  const memories = await Promise.all(pids.map(memoryOf));
  return memories.reduce((sum, memory) => sum + memory.residentBytes, 0);
}

/** One connection after the other, each until it is ended; returns how many there were. */
async function attacks(attack: H2Attack, port: number, untilMs: number): Promise<number> {
  let connections = 0;
  while (performance.now() < untilMs) {
    connections++;
    await attackOnce(attack, port, untilMs);
  }
  return connections;
}

async function attackOnce({ frames, first = [] }: H2Attack, port: number, untilMs: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  // What is answered is read, and not looked at.
  socket.resume();
  const over = new AbortController();
  for (const event of ["close", "end"]) socket.once(event, () => over.abort());
  socket.write(Buffer.concat([Preface, settingsFrame(), ...first]));
  for (let round = 0; performance.now() < untilMs && !over.signal.aborted; round++) {
    const goesOn = socket.write(Buffer.concat(frames(round)));
    const drained = goesOn ? undefined : once(socket, "drain", { signal: over.signal });
    await Promise.race([drained ?? setImmediate(), setTimeout(Math.max(1, untilMs - performance.now()))]).catch(
      () => undefined,
    );
  }
  socket.destroy();
}

/** Asks again and again on a connection of its own; returns the longest it had to wait. */
async function neighbour(port: number, untilMs: number): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  let slowestMs = 0;
  while (performance.now() < untilMs) {
    const startMs = performance.now();
    const stream = session.request({ ":path": "/" }).resume();
    const answer = once(stream, "end").then(() => performance.now() - startMs);
    const waitedMs = await Promise.race([answer, setTimeout(5_000, Infinity)]).catch(() => Infinity);
    slowestMs = Math.max(slowestMs, waitedMs);
    if (waitedMs === Infinity) break;
    await setTimeout(20);
  }
  session.destroy();
  return slowestMs;
}

await main();
