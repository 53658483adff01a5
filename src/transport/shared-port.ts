import { createServer, Socket, type AddressInfo, type Server } from "node:net";
import type { TcpPlace } from "./listener.ts";
import { AcceptBacklog } from "./transport-limits.ts";

/** A TCP connection on its way to the process that serves it. Nothing was read from it. */
export type AcceptedSocket = Socket;

/** Whether `handle`, which came from another process, is a connection. */
export function isAcceptedSocket(handle: unknown): handle is AcceptedSocket {
  return handle instanceof Socket;
}

/** A port whose connections are served by other processes: it accepts and reads nothing. */
export class SharedPort {
  readonly #server: Server;
  readonly #failed: () => void;

  /**
   * @param accepted - must not throw, and owns the socket.
   * @param failed - an accept has failed and its connection is lost; the port lives on.
   */
  constructor(accepted: (socket: AcceptedSocket) => void, failed: () => void) {
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => undefined);
      accepted(socket);
    });
    this.#failed = failed;
  }

  /**
   * Binds and begins to accept; resolves to where it listens.
   *
   * @throws Error of node:net with its `code`, such as EADDRINUSE.
   */
  listen({ host, port }: TcpPlace): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, backlog: AcceptBacklog }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", this.#failed);
        const address = this.#server.address();
        if (address === null || typeof address === "string") reject(new Error("not a TCP port"));
        else resolve(address);
      });
    });
  }

  /** Closes the port. Connections that it has accepted live on. */
  close(): void {
    this.#server.close();
  }
}
