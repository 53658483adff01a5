import { Duplex } from "node:stream";
import { connect } from "node:tls";

/** What a client of TLS 1.3 says first, on the way to `localhost`. */
export async function clientHello(protocols: readonly string[] = ["h2", "http/1.1"]): Promise<Buffer> {
  return await new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer) => resolve(chunk),
    });
    connect({ socket: wire, servername: "localhost", ALPNProtocols: [...protocols] }).on("error", () => undefined);
  });
}
