import { setTimeout } from "node:timers/promises";
import { cpuSeconds } from "../../support/bench-process.ts";
import { memoryOfTree } from "../../support/process-memory.ts";
import { BulkSocket } from "./bulk-socket.ts";
import { ClosingSocket } from "./closing-socket.ts";
import { EchoMessage } from "./echo-message.ts";
import { EchoSocket } from "./echo-socket.ts";
import { H1LoadConnection } from "./h1-load-connection.ts";
import { H2LoadConnection } from "./h2-load-connection.ts";
import type { BesideBulkLoad, EchoLoad, IdleLoad, LoadOrder, OpenLoad, Sample } from "./load.ts";
import type { Tally } from "./tally.ts";
import { connectTls } from "./tls-load.ts";

/** Openings that are under way on a connection at once: fewer than any gateway's limit. */
const OpeningsAtOnce = 50;
const SmallBytes = 64;

/** What is ended at the end of a load. */
type Connections = { pumpAll(): void; destroy(): void }[];

/**
 * Puts the load on the gateway, measures, and takes it away.
 *
 * @throws Error where the gateway does not do what it should.
 */
export async function runLoad(order: LoadOrder, tally: Tally): Promise<Sample> {
  const connections: Connections = [];
  try {
    return await run(order, tally, connections);
  } finally {
    for (const connection of connections) connection.destroy();
  }
}

function run(order: LoadOrder, tally: Tally, connections: Connections): Promise<Sample> {
  const { load } = order;
  if (load.type === "echo") return runEchoes(order, load, tally, connections);
  if (load.type === "opens") return runOpens(order, load, tally, connections);
  if (load.type === "idle") return runIdle(order, load, tally, connections);
  return runBesideBulk(order, load, tally, connections);
}

async function runEchoes(order: LoadOrder, load: EchoLoad, tally: Tally, connections: Connections): Promise<Sample> {
  const message = new EchoMessage(load.payloadBytes);
  const sockets = Array.from(
    { length: load.connections * load.streamsPerConnection },
    (_, tag) => new EchoSocket(tag, message, tally, load.outstanding),
  );
  if (load.protocol === "h2") await openOverH2(order, load, sockets, tally, connections);
  else await openOverH1(order, sockets, tally, connections);
  tally.isRunning = true;
  tally.nowMs = performance.now();
  for (const socket of sockets) for (let count = 0; count < load.outstanding; count++) socket.ask();
  for (const connection of connections) connection.pumpAll();
  return await measured(order, tally);
}

async function runOpens(order: LoadOrder, load: OpenLoad, tally: Tally, connections: Connections): Promise<Sample> {
  tally.isRunning = true;
  for (let index = 0; index < load.connections; index++) {
    const connection = await openConnection(order, tally, connections);
    const next = (): void => connection.open("/echo", new ClosingSocket(tally, next));
    for (let count = 0; count < load.atOnce; count++) next();
  }
  return await measured(order, tally);
}

/** The gateway should be a fresh one: what it holds from before would be counted to its streams, or not counted. */
async function runIdle(order: LoadOrder, load: IdleLoad, tally: Tally, connections: Connections): Promise<Sample> {
  const before = await memoryOfTree(order.pid);
  const message = new EchoMessage(SmallBytes);
  const streams = load.connections * load.streamsPerConnection;
  const sockets = Array.from({ length: streams }, (_, tag) => new EchoSocket(tag, message, tally));
  await openOverH2(order, { ...load, records: "full" }, sockets, tally, connections);
  for (const socket of sockets) socket.ask();
  for (const connection of connections) connection.pumpAll();
  await tally.until("an echo on each stream", () => tally.done === streams);
  await setTimeout(load.restMs);
  tally.check();
  const after = await memoryOfTree(order.pid);
  const cost = (after.proportionalBytes - before.proportionalBytes) / 1_024 / streams;
  return { ...NoFigures, cost, memory: after };
}

async function runBesideBulk(
  order: LoadOrder,
  load: BesideBulkLoad,
  tally: Tally,
  connections: Connections,
): Promise<Sample> {
  const connection = await openConnection(order, tally, connections);
  const call = new EchoSocket(0, new EchoMessage(SmallBytes), tally);
  const bulk = new BulkSocket(tally);
  connection.open("/echo", call);
  await tally.until("an opening", () => tally.opened === 1);
  const idleMs = await medianCallMs(connection, call, load.calls, tally);
  connection.open(load.bulk === "up" ? "/sink" : "/flood", bulk);
  await tally.until("an opening", () => tally.opened === 2);
  if (load.bulk === "up") bulk.begin();
  connection.pumpAll();
  await setTimeout(load.rampMs);
  const startBytes = bulk.carriedBytes;
  const startMs = performance.now();
  const busyMs = await medianCallMs(connection, call, load.calls, tally);
  const perSecond = ((bulk.carriedBytes - startBytes) * 1_000) / (performance.now() - startMs);
  return { ...NoFigures, cost: busyMs / idleMs, perSecond, p50Ms: busyMs };
}

async function medianCallMs(
  connection: H2LoadConnection,
  call: EchoSocket,
  calls: number,
  tally: Tally,
): Promise<number> {
  tally.clear();
  for (let count = 1; count <= calls; count++) {
    tally.nowMs = performance.now();
    call.ask();
    connection.pumpAll();
    await tally.until("a small call", () => tally.done === count);
    await setTimeout(50);
  }
  return tally.latencies.quantile(0.5) ?? Number.NaN;
}

async function openConnection(
  order: LoadOrder,
  tally: Tally,
  connections: Connections,
  records: EchoLoad["records"] = "full",
): Promise<H2LoadConnection> {
  const connection = new H2LoadConnection(await connectTls(order, "h2"), tally, records);
  connections.push(connection);
  await tally.until("SETTINGS that allow WebSockets", () => connection.isReady);
  return connection;
}

async function openOverH2(
  order: LoadOrder,
  load: Pick<EchoLoad, "connections" | "streamsPerConnection" | "records">,
  sockets: readonly EchoSocket[],
  tally: Tally,
  connections: Connections,
): Promise<void> {
  const opened: H2LoadConnection[] = [];
  for (let index = 0; index < load.connections; index++) {
    opened.push(await openConnection(order, tally, connections, load.records));
  }
  for (let begun = 0; begun < sockets.length;) {
    const batch = sockets.slice(begun, begun + OpeningsAtOnce * load.connections);
    for (const [index, socket] of batch.entries()) opened[index % opened.length]?.open("/echo", socket);
    begun += batch.length;
    await tally.until("openings", () => tally.opened === begun);
  }
}

async function openOverH1(
  order: LoadOrder,
  sockets: readonly EchoSocket[],
  tally: Tally,
  connections: Connections,
): Promise<void> {
  for (const socket of sockets) {
    connections.push(new H1LoadConnection(await connectTls(order, "http/1.1"), tally, "/echo", socket));
  }
  await tally.until("openings", () => tally.opened === sockets.length);
}

/** Lets the load run, and measures what the gateway uses meanwhile for each that is done. */
async function measured(order: LoadOrder, tally: Tally): Promise<Sample> {
  await setTimeout(order.warmUpMs);
  const cpuBefore = await cpuSeconds(order.pid);
  tally.clear();
  const startMs = performance.now();
  await setTimeout(order.measureMs);
  const seconds = (performance.now() - startMs) / 1_000;
  const { done, latencies } = tally;
  const cpu = (await cpuSeconds(order.pid)) - cpuBefore;
  tally.isRunning = false;
  tally.check();
  if (done === 0) throw new Error("nothing came back");
  return {
    ...NoFigures,
    cost: (cpu * 1e6) / done,
    perSecond: done / seconds,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    gatewayShare: cpu / seconds,
  };
}

const NoFigures = {
  perSecond: undefined,
  p50Ms: undefined,
  p99Ms: undefined,
  gatewayShare: undefined,
  memory: undefined,
} as const;
