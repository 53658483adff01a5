import { createServer, type AddressInfo, type Socket } from "node:net";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { binaryFrame } from "../../../src/protocol/frame/frame.ts";
import { acceptKey } from "../../../src/protocol/handshake/upgrade.ts";
import { FrameEcho } from "./frame-echo.ts";

// Runs in a process of its own, started with IPC: a WebSocket backend that sends its port and then does little else than its
// system calls. `/echo` echoes, `/sink` reads, `/flood` sends as fast as it is taken; each answers a Close and ends.

/** What the process says when it listens. */
export interface BackendPort {
  readonly port: number;
}

const FloodMessage = encodeFrame(binaryFrame(new Uint8Array(65_536)));

/** A head comes in one piece from every gateway there is, and nothing behind it before it is answered. */
function accept(socket: Socket, head: string): void {
  const path = /^GET (\S+) HTTP\/1\.1\r\n/.exec(head)?.[1];
  if (path === undefined) {
    socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  // What comes over HTTP/2 has no key, and Envoy makes none for it.
  const key = /^sec-websocket-key: *(\S+)\r$/im.exec(head)?.[1];
  const proof = key === undefined ? "" : `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n`;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${proof}\r\n`);
  serve(socket, path);
}

function serve(socket: Socket, path: string): void {
  const echo = new FrameEcho();
  socket.on("data", (chunk: Buffer) => {
    const answer = echo.read(chunk);
    if (path === "/echo" && answer.length > 0) socket.write(answer);
    else if (echo.isOver) socket.write(Uint8Array.of(0x88, 0));
    if (echo.isOver) socket.end();
  });
  if (path === "/flood") flood(socket);
}

function flood(socket: Socket): void {
  const fill = (): void => {
    while (socket.writable && socket.write(FloodMessage));
  };
  socket.on("drain", fill);
  fill();
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.once("data", (chunk: Buffer) => accept(socket, chunk.toString("latin1")));
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port } satisfies BackendPort);
});
process.on("disconnect", () => process.exit());
