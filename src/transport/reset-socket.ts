import type { Socket } from "node:net";

/**
 * Closes `connection` by a TCP reset: nothing of it is left in the system. A unix socket has none, nor has TLS without the
 * connection beneath it at hand: they are destroyed.
 *
 * @param top - what is written to, where TLS lies on the connection.
 */
export function resetSocket(connection: Socket, top: Socket = connection): void {
  // While a half ends the system takes no reset, and node would never close the socket.
  if (isEnding(connection) || isEnding(top)) {
    connection.destroy();
    return;
  }
  try {
    connection.resetAndDestroy();
  } catch {
    connection.destroy();
  }
}

/** Whether the system is about to end our half: all that was written is its own by then. */
function isEnding({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}
