import type { Socket } from "node:net";

/**
 * Closes `socket` by a TCP reset: nothing of it is left in the system. A unix socket has none, nor has TLS without the
 * connection beneath it at hand: they are destroyed.
 */
export function resetSocket(socket: Socket): void {
  // While our half ends the system takes no reset, and node would never close the socket.
  if (isEnding(socket)) {
    socket.destroy();
    return;
  }
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}

/** Whether the system is about to end our half: all that was written is its own by then. */
function isEnding({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}
