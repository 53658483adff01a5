import type { Socket } from "node:net";

/** How long a connection whose last answer was sent may wait for the client's end, in milliseconds. */
export const LingerMs = 2_000;
/** Most bytes that are read and thrown away behind an answer to a client that goes on sending. */
export const MaxDroppedBytes = 262_144;

/**
 * Closes `socket` so that what was written last reaches the client: ends our half, drops what still comes in, within a bound,
 * and destroys the socket when the client has ended too or after {@link LingerMs}. Closing at once would answer bytes on their
 * way with a TCP reset, which makes the client's system throw away an answer its program has not read (RFC 9112 §9.6).
 */
export function closeLingering(socket: Socket): void {
  destroyLater(socket, LingerMs);
  socket.end();
  let droppedBytes = 0;
  socket.on("data", (bytes: Buffer) => {
    droppedBytes += bytes.length;
    if (droppedBytes > MaxDroppedBytes) socket.pause();
  });
  socket.resume();
}

/** Destroys `socket` after `timeoutMs` unless it has closed by then. */
export function destroyLater(socket: Socket, timeoutMs: number): void {
  if (socket.closed) return;
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(timer));
}
