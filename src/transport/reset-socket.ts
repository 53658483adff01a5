import type { Socket } from "node:net";

/**
 * Closes `socket` by a TCP reset: nothing of it is left in the system. A unix socket has none, nor has TLS without the
 * connection beneath it at hand: they are destroyed.
 */
export function resetSocket(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
