import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { FrameScanner } from "../../src/protocol/frame/frame-scanner.ts";

/** One WebSocket as the backend has it. */
export interface BackendSocket {
  readonly path: string;
  readonly fields: IncomingHttpHeaders;
  /** Where it was dialed from. */
  readonly remoteAddress: string | undefined;
  readonly socket: WebSocket;
  /** Frames from the client with RSV1, which says: compressed (RFC 7692 §6). */
  readonly compressedFrames: number;
  /** The Close that came; 1006 where none did. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A plain RFC 6455 server of another make: it echoes what it gets and remembers what it saw. */
export interface WsBackend {
  /** `ws://127.0.0.1:PORT`, as an upstream's address. */
  readonly url: string;
  /** In the order in which they opened. */
  readonly sockets: readonly BackendSocket[];
  /** How many are open now. */
  readonly openSockets: number;
  /** The WebSocket that opens next. */
  next(): Promise<BackendSocket>;
  /** Ends every WebSocket by a reset, and the server. */
  stop(): Promise<void>;
}

/** Starts one on loopback. Of the subprotocols a client offers it takes the first that stands in `subprotocols`. */
export async function startWsBackend(
  options: { subprotocols?: readonly string[]; deflate?: boolean } = {},
): Promise<WsBackend> {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    maxPayload: 16 * 1024 * 1024,
    perMessageDeflate: options.deflate === true ? { threshold: 0 } : false,
    handleProtocols: (offered) => options.subprotocols?.find((one) => offered.has(one)) ?? false,
  });
  const sockets: BackendSocket[] = [];
  server.on("connection", (socket, request) => {
    const count = { compressedFrames: 0 };
    countCompressed(request.socket, count);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => undefined);
    sockets.push({
      path: request.url ?? "",
      fields: request.headers,
      remoteAddress: request.socket.remoteAddress,
      socket,
      get compressedFrames() {
        return count.compressedFrames;
      },
      closed: new Promise((resolve) => {
        socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
      }),
    });
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    get openSockets() {
      return server.clients.size;
    },
    async next() {
      await once(server, "connection");
      return sockets.at(-1)!;
    },
    async stop() {
      for (const client of server.clients) client.terminate();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

/** Watches the bytes beside `ws`, which does not tell how a message came. */
function countCompressed(connection: Socket, count: { compressedFrames: number }): void {
  const scanner = new FrameScanner();
  connection.on("data", (bytes: Buffer) => {
    let position = 0;
    while (position < bytes.length) {
      if (scanner.payloadRemaining > 0) {
        position += scanner.skipPayload(bytes.length - position);
      } else {
        position = scanner.readHeader(bytes, position, bytes.length);
        if (scanner.headerComplete && (scanner.rsv & 0b100) !== 0) count.compressedFrames += 1;
      }
    }
  });
}
