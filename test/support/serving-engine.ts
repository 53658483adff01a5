import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { H2Connection, H2Engine, H2Options } from "../../src/transport/h2-acceptor.ts";
import type { AcceptorDeadlines, HeaderLimits } from "../../src/transport/transport-limits.ts";
import { connectionFacts } from "./connection-facts.ts";
import { DefaultH2, LongDeadlines } from "./listening.ts";
import { RawH2Client, type settingsFrame } from "./raw-h2.ts";
import { RecordingSink } from "./recording-sink.ts";

export type CreateEngine = (http2: H2Options, deadlines: AcceptorDeadlines, headers: HeaderLimits) => H2Engine;

/** What a config that says nothing of them has. */
const DefaultHeaders: HeaderLimits = { maxHeaderBytes: 16_384, maxHeaderCount: 256 };

/** An engine that serves one cleartext connection, and the client of it. */
export interface ServedConnection {
  readonly sink: RecordingSink;
  readonly connection: H2Connection;
  readonly client: RawH2Client;
  readonly socket: Socket;
  /** Counts the calls of `onClose`. */
  readonly closes: () => number;
}

export interface ServingOptions {
  readonly http2?: Partial<H2Options>;
  readonly deadlines?: Partial<AcceptorDeadlines>;
  readonly headers?: Partial<HeaderLimits>;
  readonly settings?: Parameters<typeof settingsFrame>[0];
  /** Leaves preface and SETTINGS to the test. */
  readonly handshake?: "later";
}

const facts = connectionFacts({ id: 7, httpVersion: "2" });

/** Lets an engine serve a connection over loopback, gone when the test is over. */
export async function serveConnection(create: CreateEngine, options: ServingOptions = {}): Promise<ServedConnection> {
  const deadlines = { ...LongDeadlines, ...options.deadlines };
  const engine = create({ ...DefaultH2, ...options.http2 }, deadlines, { ...DefaultHeaders, ...options.headers });
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const clientSocket = connect({
    port: (server.address() as AddressInfo).port,
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  const client = new RawH2Client(clientSocket);
  const socket = await accepted;
  server.close();

  const sink = new RecordingSink();
  let closes = 0;
  const onClose = () => {
    closes++;
    sink.changed();
  };
  const connection = engine.serve(socket, facts, sink, onClose, deadlines.handshakeMs);
  onTestFinished(() => {
    clientSocket.destroy();
    socket.destroy();
  });
  if (options.handshake !== "later") await client.handshake(options.settings);
  return { sink, connection, client, socket, closes: () => closes };
}
