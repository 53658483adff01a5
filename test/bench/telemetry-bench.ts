// What telemetry costs a relayed message: CPU of the gateway's part with everything on against a relay that only scans frame
// headers, in one process, round by round in turn. `node test/bench/telemetry-bench.ts [--rounds 15] [--messages 2000]`.
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
    rounds: { type: "string", default: "15" },
    messages: { type: "string", default: "2000" },
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
    if (way === "everything") {
      // Somebody scrapes and looks on: much more often than in earnest.
      activity.ask();
      await metrics.scrape();
    }
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
  const sorted = (values: readonly number[]): number[] => values.toSorted((one, other) => one - other);
  const at = (values: readonly number[], share: number): number =>
    sorted(values)[Math.floor((values.length - 1) * share)]!;
  const ratios = pairs.map(({ scanner, everything }) => everything / scanner);
  const show = (values: readonly number[], digits: number): string =>
    `${at(values, 0.5).toFixed(digits)} (quartiles ${at(values, 0.25).toFixed(digits)} to ${at(values, 0.75).toFixed(digits)})`;
  console.log(`${payloadBytes} bytes, ${connections} connections, ${messages} messages on each, ${pairs.length} pairs`);
  console.log(
    `scanner alone, µs a message and its answer: ${show(
      pairs.map(({ scanner }) => scanner),
      2,
    )}`,
  );
  console.log(
    `everything on:                              ${show(
      pairs.map(({ everything }) => everything),
      2,
    )}`,
  );
  console.log(`ratio of a pair:                            ${show(ratios, 3)}`);
}

await main();
