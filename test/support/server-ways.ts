import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { nodeServer, type NodeServerKind } from "./node-servers.ts";
import { connectH2Session, h1Client, h2Client, type OpeningClient, type ReachedByClients } from "./opening-client.ts";

/** How clients come to a WebSocketServer: over one HTTP version, on its own listener or on a server of node's. */
export interface ServerWay {
  readonly way: string;
  readonly httpVersion: "1.1" | "2";
  /** `undefined`: an own listener. */
  readonly kind: NodeServerKind | undefined;
  /** What frames HTTP/2 on an own listener. */
  readonly engine?: H2EngineName;
}

/** Every way but those that differ from one of these in TLS alone. */
export const ServerWays: readonly ServerWay[] = [
  { way: "HTTP/1.1 on an own listener", httpVersion: "1.1", kind: undefined },
  { way: "HTTP/2 on an own listener", httpVersion: "2", kind: undefined },
  { way: "HTTP/2 on an own listener, framed by hawser", httpVersion: "2", kind: undefined, engine: "hawser" },
  { way: "HTTP/1.1 on a node:http server", httpVersion: "1.1", kind: "node:http" },
  { way: "HTTP/2 on a node:http2 server", httpVersion: "2", kind: "node:http2" },
  { way: "HTTP/1.1 on an https server with allowHTTP1", httpVersion: "1.1", kind: "allowHTTP1" },
  { way: "HTTP/2 on an https server with allowHTTP1", httpVersion: "2", kind: "allowHTTP1" },
];

/** A server under test, its clients, and what it told of errors. */
export interface ServerUnderTest<Data> {
  readonly server: WebSocketServer<Data>;
  readonly errors: unknown[];
  readonly reached: ReachedByClients;
  /** A client on a connection of its own. */
  client(): Promise<OpeningClient>;
  /** Connects, and returns what makes clients on that connection: on HTTP/1.1 a single one. */
  connection(): Promise<() => OpeningClient>;
}

/** What a test needs of a WebSocketServer, whatever its data. */
type Reachable = Pick<WebSocketServer, "listen" | "attach">;

/** A WebSocketServer with `options`, to be reached by `way`; closed when the test is over. */
export async function serverFor<Data = unknown>(
  way: ServerWay,
  options?: WebSocketServerOptions<Data>,
): Promise<ServerUnderTest<Data>>;
export async function serverFor(
  { httpVersion, kind, engine = "node" }: ServerWay,
  options: WebSocketServerOptions = {},
): Promise<ServerUnderTest<unknown>> {
  const errors: unknown[] = [];
  const server = new WebSocketServer({
    closeMs: 200,
    http2: { engine },
    onError: (error) => void errors.push(error),
    ...options,
  });
  onTestFinished(() => server.close({ drainMs: 10 }));
  const reached = kind === undefined ? await ownListener(server) : await attachedTo(kind, server);
  const connection = (): Promise<() => OpeningClient> => connectTo(reached, httpVersion);
  return { server, errors, reached, connection, client: async () => (await connection())() };
}

async function connectTo(reached: ReachedByClients, httpVersion: "1.1" | "2"): Promise<() => OpeningClient> {
  if (httpVersion === "1.1") {
    const socket = await reached.connect();
    onTestFinished(() => void socket.destroy());
    return () => h1Client(socket);
  }
  const session = await connectH2Session(reached);
  return () => h2Client(session);
}

async function ownListener(server: Reachable): Promise<ReachedByClients> {
  const { port } = await server.listen({ host: "127.0.0.1" });
  return { ca: undefined, origin: `http://localhost:${port}`, connect: () => tcpTo({ port, host: "127.0.0.1" }) };
}

async function attachedTo(kind: NodeServerKind, server: Reachable): Promise<ReachedByClients> {
  return nodeServer(
    kind,
    (_request, response) => void response.end("the owner's"),
    (node) => server.attach(node),
  );
}

/** A TCP connection, or one to a unix socket, that is half-open. */
export async function tcpTo(place: { port: number; host: string } | { path: string }): Promise<Socket> {
  const socket = connect({ ...place, allowHalfOpen: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Resolves once `holds`, looked at in each turn of the event loop; rejects after 5 s. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(5_000);
  while (!holds()) {
    if (deadline.aborted) throw new Error("never came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
