import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { verifiedCertificate } from "./client-certificate.ts";
import type { ConnectionFacts, TlsFacts } from "./opening.ts";

/** What a connection is called that came in through a server of somebody else. */
const ListenerName = "attached";

/** What `socket`, accepted by a server of node's, tells of its connection. */
export function attachedFacts(socket: Socket, id: number, httpVersion: "1.1" | "2"): ConnectionFacts {
  const tls = socket instanceof TLSSocket ? tlsFacts(socket) : undefined;
  return {
    id,
    listener: ListenerName,
    httpVersion,
    secure: tls !== undefined,
    remoteAddress: socket.remoteAddress ?? "",
    remotePort: socket.remotePort ?? 0,
    localPort: socket.localPort ?? 0,
    tls,
  };
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const { servername } = socket;
  return {
    serverName: typeof servername === "string" ? servername.toLowerCase() : undefined,
    clientCertificate: verifiedCertificate(socket),
    // Which names lead to which certificate and rule only the server's owner knows.
    reaches: () => true,
  };
}
