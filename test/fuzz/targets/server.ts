import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeUpgradeRequest } from "../../../src/protocol/handshake/upgrade.ts";
import type { H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { WebSocketServer } from "../../../src/websocket/server.ts";
import { hex } from "../../support/bits.ts";
import { framePieces, latin1 } from "../../support/byte-pieces.ts";
import { Http2Pieces } from "../../support/h2-byte-readers.ts";
import type { FuzzSubject, FuzzTarget } from "../fuzz-target.ts";
import { Random, seedOf } from "../random.ts";

const UpgradeRequest = encodeUpgradeRequest({
  authority: "example.com",
  path: "/chat",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: [],
  extensions: "",
  fields: [],
});

/** How long the server may take to let go of a client that has said all and left. */
const LeaveMs = 8_000;

/** After so many inputs somebody else opens a WebSocket and wants an answer. */
const NeighbourEvery = 25;

class ServerSubject implements FuzzSubject {
  readonly #server: WebSocketServer;
  readonly #port: number;
  readonly #failures: unknown[];
  #runs = 0;

  private constructor(server: WebSocketServer, port: number, failures: unknown[]) {
    this.#server = server;
    this.#port = port;
    this.#failures = failures;
  }

  static async start(engine: H2EngineName = "node"): Promise<ServerSubject> {
    const failures: unknown[] = [];
    const server = new WebSocketServer({
      handler: { onMessage: (connection, message) => connection.send(message) },
      subprotocols: ["chat"],
      onError: (error) => failures.push(error),
      maxMessageBytes: 300,
      closeMs: 500,
      http2: { engine },
      // A connection that HTTP/2 has ended within its own end is found by these alone.
      deadlines: { headersMs: 500, idleConnectionMs: 1_000 },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    return new ServerSubject(server, port, failures);
  }

  async run(input: Uint8Array): Promise<string> {
    const socket = await this.#connect();
    const answer = await heardUntilClosed(socket, input);
    if (this.#failures.length > 0) throw this.#failures[0];
    if (++this.#runs % NeighbourEvery === 0) await this.#askAsNeighbour();
    return signatureOf(answer);
  }

  async stop(): Promise<void> {
    await this.#server.close({ drainMs: 1_000 });
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  async #askAsNeighbour(): Promise<void> {
    const socket = await this.#connect();
    const message = hex("81 82 00000000 6869 88 80 00000000");
    const answer = await heardUntilClosed(socket, Buffer.concat([latin1(UpgradeRequest), message]));
    if (!answer.includes("101 Switching") || !answer.includes("\x81\x02hi")) {
      throw new Error(`a neighbour was answered ${JSON.stringify(answer)}`);
    }
  }
}

/** All the server says to `input` until it lets go. */
async function heardUntilClosed(socket: Socket, input: Uint8Array): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, "close");
  const cut = new Random(seedOf(input)).below(input.length + 1);
  socket.write(input.subarray(0, cut));
  await new Promise((resolve) => setImmediate(resolve));
  socket.end(input.subarray(cut));
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, LeaveMs);
  await closed;
  clearTimeout(deadline);
  if (isLate) throw new Error(`the server keeps a client that has left for more than ${LeaveMs} ms`);
  return Buffer.concat(chunks).toString("latin1");
}

/** Status lines of HTTP/1.1, frame types of HTTP/2: how it answered, and no more. */
function signatureOf(answer: string): string {
  if (answer.startsWith("HTTP/")) return [...answer.matchAll(/^HTTP\/1\.1 \d+/gm)].slice(0, 4).join();
  const bytes = Buffer.from(answer, "latin1");
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length && types.length < 12; at += 9 + bytes.readUIntBE(at, 3))
    types.push(bytes[at + 3]!);
  return types.join();
}

const Http1Pieces: readonly Uint8Array[] = [
  ...[
    UpgradeRequest,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  ],
  ...[
    "Sec-WebSocket-Protocol: chat\r\n",
    "Origin: http://example.com\r\n",
    "Origin: null\r\n",
    "OPTIONS * HTTP/1.1\r\n",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    "Expect: 100-continue\r\n",
  ],
].map(latin1);

/** A whole server by its port: HTTP/1.1, HTTP/2 and the frames behind both. */
export const ServerTargets: readonly FuzzTarget[] = [
  { name: "server-http1", pieces: [...Http1Pieces, ...framePieces("client")], start: () => ServerSubject.start() },
  { name: "server-http2", pieces: Http2Pieces, start: () => ServerSubject.start() },
  { name: "server-http2-own-engine", pieces: Http2Pieces, start: () => ServerSubject.start("hawser") },
];
