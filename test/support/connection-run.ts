import { pipeline } from "node:stream/promises";
import { isSendable } from "../../src/protocol/close-code.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import { createMemoryPair, type MemoryByteStream } from "../../src/transport/memory-byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import type { ConnectionEnding } from "../../src/websocket/connection-ending.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { askedFor } from "./asked-for.ts";
import { joined } from "./bits.ts";
import { cutAt } from "./cuts.ts";
import { TightLimits, wireFaults } from "./machine-run.ts";
import { Random, seedOf } from "../fuzz/random.ts";

type Application = (connection: WebSocketConnection) => Promise<void>;

/** After it, what was sent may break off anywhere. */
const abortSoon: Application = async (connection) => {
  await connection.receive();
  connection.abort();
};

/** What an application does with a connection whose messages wait for it. */
const Applications: readonly Application[] = [
  abortSoon,
  async (connection) => {
    for await (const message of connection) await connection.send(message);
  },
  async (connection) => {
    for await (const message of connection) void connection.send(message);
  },
  async (connection) => {
    await connection.receive();
    void connection.close(4000, "enough");
  },
];

/** What it does with messages in parts. */
const InParts: readonly Application[] = [
  async (connection) => {
    for (let next = await connection.receiveStream(); next; next = await connection.receiveStream()) {
      await pipeline(next.body, connection.sendStream(next.type));
    }
  },
  async (connection) => {
    for (let next = await connection.receiveStream(); next; next = await connection.receiveStream())
      next.body.destroy();
  },
  async (connection) => {
    const [message, roundTrip] = await Promise.allSettled([connection.receive(), connection.ping()]);
    void connection.close(1000, `${message.status} ${roundTrip.status}`);
  },
  async (connection) => {
    await connection.receive();
    const sink = connection.sendStream("text");
    sink.on("error", () => undefined);
    sink.write("begun");
    sink.destroy();
  },
];

/** What an application does whose handler takes the messages. */
const Handlers: readonly WebSocketHandler[] = [
  { onMessage: (connection, message) => connection.send(message) },
  {
    async onMessage(connection, message) {
      await new Promise((resolve) => setImmediate(resolve));
      await connection.send(message);
    },
  },
  {
    onMessage() {
      throw new Error("a handler fails");
    },
  },
  { onOpen: (connection) => void connection.close(1000, "at once") },
  {
    async onMessageStream(connection, { type, body }) {
      await pipeline(body, connection.sendStream(type));
    },
  },
  {
    async onMessageStream(_connection, { body }) {
      for await (const _part of body) return;
    },
  },
];

const Direction = { windowBits: 10, contextTakeover: true };

/** The far end: what it heard, whole, and whether that is over. */
class FarEnd {
  readonly heard: Uint8Array[] = [];
  constructor(stream: MemoryByteStream) {
    stream.start({
      onBytes: (bytes, start, end) => this.heard.push(bytes.slice(start, end)),
      onDrain: () => undefined,
      onEnd: () => stream.end(),
      onClose: () => undefined,
    });
  }
}

/**
 * Lets a peer send `input` to a connection over memory and then end, cut and taken in a way that follows from the input alone,
 * with one of many applications. Says in a few words how it ended.
 *
 * @throws Error where it ends in no defined state, or sends what its peer could not take.
 */
export async function runConnection(role: "server" | "client", input: Uint8Array): Promise<string> {
  const random = new Random(seedOf(input));
  const chunkBytes = random.pick([1, 3, 50, 65_536]);
  const { near, far } = createMemoryPair({ highWaterBytes: random.pick([1, 100, 65_536]), chunkBytes });
  const heard = new FarEnd(far);
  const endings: ConnectionEnding[] = [];
  const ended = Promise.withResolvers<void>();
  const isDeflating = random.below(2) === 0;
  const handler = random.below(2) === 0 ? random.pick(Handlers) : undefined;
  const connection = new WebSocketConnection(near, {
    role,
    request: askedFor(),
    subprotocol: undefined,
    extensions: isDeflating ? [new PermessageDeflate({ outgoing: Direction, incoming: Direction })] : [],
    ...TightLimits,
    ...(handler === undefined ? {} : { handler }),
    onEnded: (ending) => {
      endings.push(ending);
      ended.resolve();
    },
  });
  const application = handler === undefined ? random.pick([...Applications, ...InParts]) : undefined;
  const work = application?.(connection);
  for (const chunk of cutAt(input, [1 + random.below(40), 1 + random.below(400)])) {
    far.write(chunk, 0, chunk.length, "kept");
    if (random.below(3) === 0) await Promise.resolve();
  }
  far.end();
  await ended.promise;
  const closing = await connection.closed;
  await work?.catch(() => undefined);
  if (endings.length !== 1) throw new Error(`it ended ${endings.length} times`);
  if (connection.state !== "closed") throw new Error(`it is ${connection.state} at the end`);
  const sent = joined(heard.heard);
  const { cause } = endings[0]!;
  const faults = wireFaults(sent, { sender: role, allowedRsv: isDeflating ? 0b100 : 0, insideMessage: false });
  const broken = application === abortSoon ? faults.filter((fault) => !fault.startsWith("half")) : faults;
  if (broken.length > 0) throw new Error(broken.join("; "));
  if (!isSendable(closing.code) && closing.code !== 1005 && closing.code !== 1006) {
    throw new Error(`it ended with ${closing.code}`);
  }
  return `${cause} ${closing.code} ${closing.clean} ${closing.error?.code}`;
}
