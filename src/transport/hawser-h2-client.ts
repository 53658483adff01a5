import { H2ClientConnection } from "./h2/h2-client-connection.ts";
import { OutputBuffers } from "./h2/output-buffers.ts";
import { UnreadBytes } from "./h2/unread-bytes.ts";
import type { OpenH2Client } from "./h2-client.ts";

/** The engine `hawser` of clients: HTTP/2 framed on the socket itself, in `h2/`. Its connections share their memory. */
export function hawserH2Clients(): OpenH2Client {
  const parts = { buffers: new OutputBuffers(), unread: new UnreadBytes() };
  return (standing, options, owner) => new H2ClientConnection(standing, options, owner, parts);
}
