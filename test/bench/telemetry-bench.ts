// What telemetry costs a relayed message: CPU of the gateway's part with everything on against a relay that only scans frame
// headers, in one process, round by round in turn. `node test/bench/telemetry-bench.ts [--rounds 200] [--messages 300] [--bytes 64]`.
// Clients and upstream are a process of their own. Read the ratio of a pair, and how the pairs spread: a shared machine swings.

import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { Relay } from "../../src/gateway/serving/relay.ts";
import { Metrics } from "../../src/gateway/telemetry/metrics.ts";
import { StreamActivity } from "../../src/gateway/telemetry/stream-activity.ts";
import { StreamRegistry } from "../../src/gateway/telemetry/stream-registry.ts";
import { FrameScanner } from "../../src/protocol/frame/frame-scanner.ts";
import type { ByteConsumer, ByteStream, StreamEnding } from "../../src/transport/byte-stream.ts";
import { DeadlineList } from "../../src/transport/deadline-list.ts";
import { SocketByteStream } from "../../src/transport/socket-byte-stream.ts";
import type { LoadOrder } from "./telemetry/echo-load.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    messages: { type: "string", default: "300" },
    connections: { type: "string", default: "16" },
    bytes: { type: "string", default: "64" },
  },
});
const [rounds, messages, connections, payloadBytes] = [
  Number(options.rounds),
  Number(options.messages),
  Number(options.connections),
  Number(options.bytes),
];

/** One direction that reads frame headers and hands on the same bytes: no rule, no limit, no count. */
class ScannedWay implements ByteConsumer {
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  readonly #scanner = new FrameScanner();
  other: ScannedWay | undefined;

  constructor(from: ByteStream, to: ByteStream) {
    this.#from = from;
    this.#to = to;
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    const scanner = this.#scanner;
    let offset = start + scanner.skipPayload(end - start);
    while (offset < end) {
      offset = scanner.readHeader(bytes, offset, end);
      offset += scanner.skipPayload(end - offset);
    }
    if (!this.#to.write(bytes, start, end, this.#from.lifetime)) this.#from.pause();
  }

  onDrain(): void {
    this.other?.resume();
  }

  onEnd(): void {
    this.#to.end();
  }

  onClose(_ending: StreamEnding): void {
    this.#to.abort("cancel");
  }

  resume(): void {
    this.#from.resume();
  }
}

function scan(client: ByteStream, upstream: ByteStream): void {
  const [up, down] = [new ScannedWay(client, upstream), new ScannedWay(upstream, client)];
  up.other = down;
  down.other = up;
  client.start(up);
  upstream.start(down);
}

const streams = new StreamRegistry();
const metrics = new Metrics(streams, { version: "bench", handshakesWaiting: () => 0, logLinesDropped: () => 0 });
const activity = new StreamActivity(streams);
const [closing, lingering] = [new DeadlineList(5_000), new DeadlineList(20)];
let streamId = 0;

function relay(client: ByteStream, upstream: ByteStream): void {
  const facts = { route: "bench", upstream: "echo", protocol: "h1", connectionId: ++streamId, streamId: 0 } as const;
  const record = streams.open(facts);
  new Relay(client, upstream, {
    allowedRsv: 0,
    limits: { maxMessageBytes: undefined, maxFrameBytes: undefined, maxFragments: undefined },
    maxBufferedBytes: 65_536,
    stallMs: 60_000,
    closing,
    lingering,
    toUpstream: record.toUpstream,
    toClient: record.toClient,
    onPingAnswered: (ms) => record.pingAnswered(ms),
    onLimit: () => undefined,
    onEnded: (ending) => record.close(ending),
  }).start();
}

let watchedAtMs = -Infinity;

/** Somebody looks on and scrapes, each second: much more often than in earnest. */
async function watch(): Promise<void> {
  if (performance.now() - watchedAtMs < 1_000) return;
  watchedAtMs = performance.now();
  activity.ask();
  await metrics.scrape();
}

/** Listens for clients, and joins each with a connection to the upstream. */
async function gateway(upstreamPort: number, join: (client: ByteStream, upstream: ByteStream) => void) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    const upstream = connect({ port: upstreamPort, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const ways = [new SocketByteStream(socket), new SocketByteStream(upstream)] as const;
    upstream.once("connect", () => join(...ways));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function main(): Promise<void> {
  const load = fork(new URL("telemetry/echo-load.ts", import.meta.url));
  const [upstreamPort] = (await once(load, "message")) as [number];
  const ways = { scanner: await gateway(upstreamPort, scan), everything: await gateway(upstreamPort, relay) };
  /** Microseconds of CPU for a message, there and back. */
  const measure = async (way: keyof typeof ways): Promise<number> => {
    const order: LoadOrder = { port: ways[way].port, connections, messages, payloadBytes };
    const before = process.cpuUsage();
    load.send(order);
    await once(load, "message");
    if (way === "everything") await watch();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / (connections * messages);
  };
  for (const way of ["scanner", "everything", "scanner", "everything"] as const) await measure(way);
  const pairs: { scanner: number; everything: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (["scanner", "everything"] as const) : (["everything", "scanner"] as const);
    const pair = { scanner: 0, everything: 0 };
    for (const way of order) pair[way] = await measure(way);
    pairs.push(pair);
  }
  report(pairs);
  load.kill();
  for (const { close } of Object.values(ways)) close();
  process.exit();
}

function report(pairs: readonly { scanner: number; everything: number }[]): void {
  console.log(`${payloadBytes} bytes, ${connections} connections, ${messages} messages on each, ${pairs.length} pairs`);
  console.log("medians, the interval that has the true one in 95 of 100 runs, and the quartiles");
  console.log(`scanner alone, µs a message and its answer: ${spread(pairs.map(({ scanner }) => scanner))}`);
  console.log(`everything on:                              ${spread(pairs.map(({ everything }) => everything))}`);
  console.log(
    `ratio of a pair:                            ${spread(pairs.map((one) => one.everything / one.scanner))}`,
  );
}

/** By ranks, since a shared machine adds to some rounds as much as it likes. */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (rank: number): string =>
    (sorted[Math.max(0, Math.min(values.length - 1, Math.round(rank)))] ?? 0).toFixed(3);
  const last = values.length - 1;
  const half = 0.98 * Math.sqrt(values.length);
  return `${at(last / 2)} (${at(last / 2 - half)} to ${at(last / 2 + half)}; ${at(last / 4)} to ${at((3 * last) / 4)})`;
}

await main();
