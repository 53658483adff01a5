import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { LoadOrder } from "./load.ts";

const ConnectMs = 20_000;

/**
 * Connects over TLS 1.3, with the cipher that browsers on a PC prefer.
 *
 * @throws Error where that fails, or another protocol comes of it.
 */
export async function connectTls({ port, certificate }: LoadOrder, protocol: "h2" | "http/1.1"): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    ca: certificate,
    minVersion: "TLSv1.3",
    ciphers: "TLS_AES_128_GCM_SHA256",
    ALPNProtocols: [protocol],
  });
  socket.setNoDelay(true);
  await once(socket, "secureConnect", { signal: AbortSignal.timeout(ConnectMs) });
  if (socket.alpnProtocol !== protocol) throw new Error(`${protocol} was asked for, ${socket.alpnProtocol} is spoken`);
  return socket;
}
