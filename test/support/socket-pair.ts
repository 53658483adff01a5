import { once } from "node:events";
import { connect, createServer, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import type { TestCertificate } from "./certificates.ts";

/** Two connected sockets. Each is half-open by itself and has an error handler. */
export interface SocketPair<S extends Socket = Socket> {
  readonly client: S;
  readonly server: S;
}

/** A pair over TCP on loopback, or over a unix socket at `path`; `onread` is the client's. */
export async function connectedSockets(path?: string, onread?: OnReadOpts): Promise<SocketPair> {
  const listening = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  listening.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(listening, "listening");
  const accepted = new Promise<Socket>((resolve) => listening.once("connection", resolve));
  const address = listening.address();
  const target = typeof address === "object" && address !== null ? { port: address.port, host: "127.0.0.1" } : { path };
  const client = connect({ ...target, allowHalfOpen: true, onread } as Parameters<typeof connect>[0] & object);
  await once(client, "connect");
  const server = await accepted;
  listening.close();
  for (const socket of [client, server]) socket.on("error", () => undefined);
  return { client, server };
}

/** TLS over `pair`, whose client trusts `certificate` as localhost's. */
export async function securedSockets(
  pair: SocketPair,
  { certificate, key }: TestCertificate,
): Promise<SocketPair<TLSSocket>> {
  const secureContext = createSecureContext({ cert: certificate, key });
  const server = new TLSSocket(pair.server, { isServer: true, secureContext });
  const client = connectTls({ socket: pair.client, ca: certificate, servername: "localhost" });
  for (const socket of [client, server]) socket.on("error", () => undefined);
  await Promise.all([once(client, "secureConnect"), once(server, "secure")]);
  // The server's session tickets follow the handshake. Linux tells a reset once, and their write would take it.
  await passByte(client, server);
  await passByte(server, client);
  return { client, server };
}

async function passByte(from: Socket, to: Socket): Promise<void> {
  from.write("0");
  await once(to, "readable");
  to.read();
}
