import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { checkConnectResponse } from "../../src/protocol/handshake/extended-connect.ts";
import { H2ClientConnection } from "../../src/transport/h2/h2-client-connection.ts";
import { OutputBuffers } from "../../src/transport/h2/output-buffers.ts";
import { SocketEvents } from "../../src/transport/socket-events.ts";
import { UnreadBytes } from "../../src/transport/h2/unread-bytes.ts";
import type { H2AskResult, H2Client, H2ClientOptions, PendingAsk } from "../../src/transport/h2-client.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { headersFrame, Preface, RawH2Client, settingsFrame } from "./raw-h2.ts";
import { NearObserver, Observed } from "./stream-observers.ts";

const EnableConnectProtocol = 8;

/** A client's connection that hawser frames, and the server of it, which sends the frames it is told to. */
export interface HawserClient {
  readonly client: H2Client;
  /** The frames that came from the client, and the way back. */
  readonly server: RawH2Client;
  /** What its owner was told so far. */
  readonly told: readonly string[];
  /** Resolves once `holds` behind something that its owner was told, or now; rejects after a while. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Asks for a WebSocket. */
  ask(): Asked;
  /** Asks for one that the server accepts, `behind` the 200 in the same piece, and starts its stream. */
  open(...behind: readonly Uint8Array[]): Promise<OpenedByHawser>;
}

/** The stream of a WebSocket, and who reads it. */
export interface OpenedByHawser {
  readonly stream: ByteStream;
  readonly observer: NearObserver;
}

/** An opening that was asked for. */
export interface Asked {
  readonly pending: PendingAsk;
  readonly result: Promise<H2AskResult>;
}

export interface HawserClientOptions extends Partial<H2ClientOptions> {
  readonly maxStreamId?: number;
  /** What the server says first, instead of SETTINGS that were acknowledged before the test goes on. */
  readonly first?: Uint8Array;
}

/** The SETTINGS of a server that takes WebSockets. */
export function connectSettings(...more: readonly (readonly [id: number, value: number])[]): Buffer {
  return settingsFrame([[EnableConnectProtocol, 1], ...more]);
}

/** Connects one over loopback, gone when the test is over. */
export async function connectHawser(options: HawserClientOptions = {}): Promise<HawserClient> {
  const { maxStreamId = 2 ** 31 - 1, first, ...kept } = options;
  const [socket, far] = await loopback();
  const told: string[] = [];
  const observed = new Observed();
  const tell = (what: string) => () => {
    told.push(what);
    observed.changed();
  };
  const client = new H2ClientConnection(
    { type: "connected", socket, connection: socket, events: new SocketEvents() },
    { maxStreams: 100, idleMs: 60_000, pingIntervalMs: Infinity, pongMs: 60_000, ...kept },
    {
      onSettings: tell("settings"),
      onRoom: tell("room"),
      onLeaving: tell("leaving"),
      onClosed: tell("closed"),
    },
    { buffers: new OutputBuffers(), unread: new UnreadBytes(), maxStreamId },
  );
  await readPreface(far);
  const server = new RawH2Client(far);
  far.resume();
  // It would be too early before its own SETTINGS.
  server.acknowledges = first === undefined || first.length > 0;
  server.send(first ?? connectSettings());
  if (first === undefined) await server.roundTrip();
  let opened = 0;
  const askOne = (): Asked => {
    opened++;
    return ask(client);
  };
  return {
    client,
    server,
    told,
    until: (what, holds) => observed.until(what, holds),
    ask: askOne,
    async open(...behind) {
      const { result } = askOne();
      server.send(headersFrame(opened * 2 - 1, [[":status", "200"]]), ...behind);
      const accepted = await result;
      if (accepted.type !== "accepted") throw new Error(accepted.type);
      const observer = new NearObserver(accepted.stream);
      accepted.stream.start(observer);
      return { stream: accepted.stream, observer };
    },
  };
}

function ask(client: H2Client): Asked {
  const request = { scheme: "http", authority: "a", path: "/", subprotocols: [], extensions: "", fields: [] } as const;
  const settled = Promise.withResolvers<H2AskResult>();
  const pending = client.ask(request, (fields) => checkConnectResponse(fields, request), settled.resolve);
  return { pending, result: settled.promise };
}

async function loopback(): Promise<[Socket, Socket]> {
  const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const near = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  near.on("error", () => undefined);
  const [far] = (await accepted) as [Socket];
  server.close();
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

async function readPreface(socket: Socket): Promise<void> {
  let head: Buffer | null;
  while ((head = socket.read(Preface.length)) === null) await once(socket, "readable");
  if (!head.equals(Preface)) throw new Error("no preface");
  socket.removeAllListeners("readable");
}
