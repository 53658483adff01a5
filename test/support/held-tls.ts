import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** A TLS client that is connected and has its ClientHello ready, but has not sent it. */
export interface HeldTls {
  readonly socket: TLSSocket;
  /** Sends it. */
  letGo(): void;
}

/** Makes one. What its own half of a handshake costs before the first byte is behind it then. */
export async function connectHeld(port: number, alpn: string): Promise<HeldTls> {
  const tcp = connectTcp({ port, host: "127.0.0.1", noDelay: true });
  await once(tcp, "connect");
  let held: (() => void) | undefined;
  let isLetGo = false;
  const wire = new Duplex({
    read: () => void tcp.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      const send = (): void => void tcp.write(chunk, done);
      if (isLetGo) send();
      else held = send;
    },
    final: (done) => void tcp.end(done),
    destroy: (error, done) => {
      tcp.destroy();
      done(error);
    },
  });
  tcp.on("data", (chunk) => wire.push(chunk) || tcp.pause());
  tcp.on("error", (error) => wire.destroy(error));
  tcp.once("end", () => wire.push(null));
  const socket = connectTls({
    socket: wire,
    rejectUnauthorized: false,
    servername: "localhost",
    ALPNProtocols: [alpn],
  });
  socket.on("error", () => undefined);
  return {
    socket,
    letGo() {
      isLetGo = true;
      held?.();
    },
  };
}
