import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import type { WebSocketConnectionOptions } from "../../src/websocket/connection-options.ts";
import { askedFor } from "./asked-for.ts";

type EndOptions = Partial<Omit<WebSocketConnectionOptions, "role">>;

/** Two connections in memory, each the other's peer. */
export function connectionPair(
  ends: { readonly server?: EndOptions; readonly client?: EndOptions; readonly pair?: MemoryPairOptions } = {},
): { readonly server: WebSocketConnection; readonly client: WebSocketConnection } {
  const { near, far } = createMemoryPair(ends.pair);
  const common = { request: askedFor(), subprotocol: undefined, pingIntervalMs: Infinity };
  return {
    server: new WebSocketConnection(near, { ...common, ...ends.server, role: "server" }),
    client: new WebSocketConnection(far, { ...common, ...ends.client, role: "client" }),
  };
}
