import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** One end of the relayed WebSockets: plain TCP that accepts each Upgrade, and says no more than it is told to. */
export async function silentUpstream() {
  const sockets: Socket[] = [];
  let onSocket: (() => void) | undefined;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let head = "";
    let received = 0;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      if (head.endsWith("\r\n\r\n")) {
        received += chunk.length;
        socket.emit("received", received);
        return;
      }
      head += chunk.toString("latin1");
      if (head.startsWith("GET /refused")) {
        socket.end("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      const key = /^sec-websocket-key: (.+)\r$/im.exec(head)?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      sockets.push(socket);
      onSocket?.();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    /** The connection of the WebSocket that was opened last, when it is there. */
    async newest(opened: number): Promise<UpstreamEnd> {
      while (sockets.length < opened) await new Promise<void>((resolve) => (onSocket = resolve));
      return new UpstreamEnd(sockets[opened - 1]!);
    },
  };
}

/** The upstream's end of one WebSocket. */
export class UpstreamEnd {
  readonly #socket: Socket;
  #received = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("received", (bytes: number) => {
      this.#received = bytes;
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves when it has received `bytes` in all. */
  async received(bytes: number): Promise<void> {
    while (this.#received < bytes) await once(this.#socket, "received");
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
