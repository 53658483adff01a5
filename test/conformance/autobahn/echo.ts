import { PermessageDeflateNegotiator } from "../../../src/protocol/message/permessage-deflate-negotiator.ts";
import type { H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { WebSocketClient } from "../../../src/websocket/client.ts";
import type { ConnectionOptions } from "../../../src/websocket/connection-options.ts";
import type { WebSocketHandler } from "../../../src/websocket/handler.ts";
import { WebSocketServer } from "../../../src/websocket/server.ts";

const MiB = 1024 * 1024;

/** What group 9 sends is within these limits. */
const Limits = {
  maxMessageBytes: 16 * MiB,
  maxFragments: 65_537,
  maxBufferedBytes: 32 * MiB,
  pingIntervalMs: Infinity,
} satisfies ConnectionOptions;

const EchoHandler: WebSocketHandler = { onMessage: (connection, message) => connection.send(message) };

/** Everything that ends of both roles have; short messages are compressed too. */
function echoOptions() {
  const extensions = [new PermessageDeflateNegotiator({ thresholdBytes: 0 })];
  return { ...Limits, extensions, handler: EchoHandler };
}

/** The server under test, which echoes, and its port on 127.0.0.1. */
export async function startEchoServer(
  engine: H2EngineName = "node",
): Promise<{ readonly server: WebSocketServer; readonly port: number }> {
  const server = new WebSocketServer({ ...echoOptions(), http2: { engine } });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { server, port };
}

/** The client under test, which echoes on each WebSocket that it opens. */
export function createEchoClient(version: "h1" | "h2"): WebSocketClient {
  return new WebSocketClient({ ...echoOptions(), protocol: version });
}
