import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A server of `ws` that echoes, and ends its WebSocket as a text that is the name of an `UpstreamEnding` bids it. */
export interface SoakUpstream {
  readonly url: string;
  readonly openSockets: number;
  stop(): Promise<void>;
}

/** Starts one on loopback. It keeps nothing of a WebSocket that has ended. */
export async function startSoakUpstream(): Promise<SoakUpstream> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    socket.on("message", (data, isBinary) => {
      const word = isBinary ? "" : Buffer.from(data as Buffer).toString();
      if (word === "upstream close") socket.close(1000);
      else if (word === "upstream end") request.socket.end();
      else if (word === "upstream reset") request.socket.resetAndDestroy();
      else socket.send(data, { binary: isBinary });
    });
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get openSockets() {
      return server.clients.size;
    },
    async stop() {
      for (const client of server.clients) client.terminate();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
