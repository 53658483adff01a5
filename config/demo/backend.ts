import { fstatSync } from "node:fs";
import { parseArgs } from "node:util";
import { WebSocketServer, type WebSocket } from "ws";

const MaxMessageBytes = 16 * 1024 * 1024;
/** Above this much unsent echo a WebSocket is read no further until it has left. */
const MaxUnsentBytes = 1024 * 1024;
/** Below this size compression costs more than it saves. */
const CompressFromBytes = 1024;
const CloseMs = 1_000;
const Subprotocol = "demo.v1";

/** What the gateway says about the WebSocket in front of it; numbers it left out are `undefined`. */
export interface StreamField {
  /** HTTP version of the client's connection: `"2"` or `"1.1"`. */
  readonly http: string | undefined;
  /** Number of the client's TCP connection. */
  readonly connection: number | undefined;
  /** HTTP/2 stream id; `undefined` over HTTP/1.1. */
  readonly stream: number | undefined;
}

/** A running demo backend. */
export interface Backend {
  readonly port: number;
  /** Closes every WebSocket with 1001 and resolves when all are gone, at most a second later. */
  close(): Promise<void>;
}

/** Reads `http=2; connection=7; stream=13`, or returns `undefined` where the field is missing: nobody stands in front. */
export function parseStreamField(value: string | undefined): StreamField | undefined {
  if (value === undefined) return undefined;
  const pairs = new Map(value.split(";").map((pair) => [pair.split("=")[0]?.trim(), pair.split("=")[1]?.trim()]));
  const numberOf = (key: string) => {
    const number = Number.parseInt(pairs.get(key) ?? "", 10);
    return Number.isNaN(number) ? undefined : number;
  };
  // Stream 0 of HTTP/2 is the connection itself: the gateway says it where there are no streams.
  return { http: pairs.get("http"), connection: numberOf("connection"), stream: numberOf("stream") || undefined };
}

/**
 * Starts a plain RFC 6455 server on loopback: a hello as first message, then an echo of everything.
 *
 * @param options.port - 0 picks a free one.
 * @param options.http1Port - where the page finds the same gateway without HTTP/2; the hello passes it on.
 */
export async function startBackend(options: { port: number; http1Port?: number | undefined }): Promise<Backend> {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: options.port,
    maxPayload: MaxMessageBytes,
    perMessageDeflate: { threshold: CompressFromBytes },
    handleProtocols: (offered) => (offered.has(Subprotocol) ? Subprotocol : false),
  });
  server.on("connection", (socket, request) => {
    // A broken frame or a lost connection ends this WebSocket, which 'close' tells; it must not end the process.
    socket.on("error", () => undefined);
    const stream = parseStreamField(request.headers["hawser-stream"]?.toString());
    socket.send(JSON.stringify({ type: "hello", stream, http1Port: options.http1Port }));
    echo(socket);
  });
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () => closeServer(server),
  };
}

function echo(socket: WebSocket): void {
  socket.on("message", (data, binary) => {
    socket.send(data, { binary }, () => {
      if (socket.isPaused && socket.bufferedAmount < MaxUnsentBytes) socket.resume();
    });
    if (socket.bufferedAmount >= MaxUnsentBytes) socket.pause();
  });
}

async function closeServer(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) socket.close(1001, "the backend stops");
  const terminate = setTimeout(() => server.clients.forEach((socket) => socket.terminate()), CloseMs);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(terminate);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string" }, "http1-port": { type: "string" } } });
  const http1Port = values["http1-port"] === undefined ? undefined : Number(values["http1-port"]);
  const backend = await startBackend({ port: Number(values.port ?? 0), http1Port });
  console.log(`listens on ws://127.0.0.1:${backend.port}`);

  const stop = () => void backend.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  const input = fstatSync(0);
  if (input.isSocket() || input.isFIFO()) {
    // The gateway holds the other end: its end is ours. Ctrl-C reaches both processes, and the gateway drains first.
    process.stdin.resume().once("end", stop);
    process.on("SIGINT", () => undefined);
  } else {
    process.once("SIGINT", stop);
  }
}

if (import.meta.main) await main();
