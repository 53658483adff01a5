import type { Socket } from "node:net";
import type { DialTarget } from "./dialer.ts";
import { KeepAliveMs } from "./transport-limits.ts";
import { connectTo } from "./upstream-address.ts";

/**
 * Connects to `target`, with TLS where it has it, within `timeoutMs`. `done` is called exactly once: with the socket, which is
 * the caller's and has a listener for errors, and the TCP or unix socket beneath it, which may be the same; or with the
 * error, whose `code` is the system's or TLS's own, and `ETIMEDOUT` where time ran out.
 */
export function connectUpstream(
  { address, secure, sourceAddress }: DialTarget,
  timeoutMs: number,
  done: (error: Error | undefined, socket: Socket, connection: Socket) => void,
): void {
  const connection = connectTo(address, sourceAddress);
  let socket: Socket = connection;
  let isDone = false;
  const settle = (error: Error | undefined): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(deadline);
    if (error !== undefined) socket.destroy();
    done(error, socket, connection);
  };
  const deadline = setTimeout(() => settle(connectTimeout()), timeoutMs);
  connection.setNoDelay(true);
  connection.setKeepAlive(true, KeepAliveMs);
  connection.on("error", settle);
  connection.once("connect", () => {
    if (secure === undefined) return settle(undefined);
    socket = secure(connection);
    socket.on("error", settle);
    socket.once("secureConnect", () => settle(undefined));
    // A peer that ends within the handshake need not be an error to the socket.
    socket.once("close", () => settle(new Error("closed within the TLS handshake")));
  });
}

function connectTimeout(): Error {
  return Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" });
}
