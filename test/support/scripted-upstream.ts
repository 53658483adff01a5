import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";

/** What an upstream does with a connection once the head of a request has come; `request` is that head. */
export type Script = (socket: Socket, request: string) => void;

/** An upstream on loopback that follows a script, byte by byte if need be. It ends with the test that opened it. */
export interface ScriptedUpstream {
  readonly address: UpstreamAddress;
  /** The heads of the requests so far. */
  readonly requests: readonly string[];
  /** Resolves when the head of the next request has come. */
  nextRequest(): Promise<string>;
  /** Resolves when none of its connections is left; that is what a dialer owes in every case but one. */
  allClosed(): Promise<void>;
}

/** Listens for plain TCP and follows `script` on each connection. */
export async function scriptedUpstream(script: Script): Promise<ScriptedUpstream> {
  const server = createServer();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      sockets.delete(socket);
      server.emit("connection-closed");
    });
    let head = "";
    socket.on("data", (chunk: Buffer) => {
      if (head.endsWith("\r\n\r\n")) return;
      head += chunk.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      requests.push(head);
      server.emit("upgrade-request", head);
      script(socket, head);
    });
  });
  const { port } = await listen(server);
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    address: { transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined },
    requests,
    nextRequest: async () => {
      const [head] = await once(server, "upgrade-request");
      return String(head);
    },
    allClosed: async () => {
      while (sockets.size > 0) await once(server, "connection-closed");
    },
  };
}

/** Lets `server` listen on a free port of loopback. */
async function listen(server: Server): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address() as AddressInfo;
}
