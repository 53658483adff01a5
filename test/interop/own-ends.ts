import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { WebSocketError } from "../../src/protocol/errors.ts";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { HandledConnection } from "../../src/websocket/handler.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { Authorization } from "../../src/websocket/server-options.ts";
import type { TestCertificate } from "../support/certificates.ts";
import {
  type ClientLibrary,
  type End,
  pieces,
  refusalOf,
  Refused,
  type RunningServer,
  type ServerLibrary,
  Subprotocol,
} from "./end.ts";

const Abilities = { compresses: true, fragments: true, pings: true, aborts: true, bareClose: 1005 } as const;

/** Our own client, over the HTTP version given. */
export function ownClient(protocol: "h1" | "h2" | "auto"): ClientLibrary {
  const client = new WebSocketClient({ protocol, extensions: [new PermessageDeflateNegotiator()] });
  return {
    ...Abilities,
    name: `our client over ${protocol}`,
    httpVersion: protocol === "auto" ? undefined : protocol === "h2" ? "2" : "1.1",
    tellsStatus: true,
    async open({ url, subprotocols, ca }) {
      try {
        return endOf(await client.connect(url, { subprotocols, tls: { ca } }));
      } catch (error) {
        if (error instanceof WebSocketError && error.code === "WS_OPENING_REFUSED") {
          throw new Refused(error.response?.status);
        }
        throw error;
      }
    },
    stop: () => client.close(),
  };
}

/** Our own server, on both HTTP versions. */
export const OwnServer: ServerLibrary = {
  ...Abilities,
  name: "our server",
  httpVersion: "1.1",
  start: () => startOwnServer(),
};

/** The same with the HTTP/2 that is framed by hawser itself. */
export const OwnEngineServer: ServerLibrary = {
  ...OwnServer,
  name: "our server on our HTTP/2",
  start: () => startOwnServer(undefined, "hawser"),
};

/** Our own server over TLS. */
export const OwnTlsServer: ServerLibrary = {
  ...Abilities,
  name: "our server over TLS",
  httpVersion: "2",
  start: (identity) => startOwnServer(identity),
};

/** The same with the HTTP/2 that is framed by hawser itself. */
export const OwnEngineTlsServer: ServerLibrary = {
  ...OwnTlsServer,
  name: "our server on our HTTP/2 over TLS",
  start: (identity) => startOwnServer(identity, "hawser"),
};

async function startOwnServer(identity?: TestCertificate, engine: H2EngineName = "node"): Promise<RunningServer> {
  const server = new WebSocketServer({
    http2: { engine },
    subprotocols: [Subprotocol],
    extensions: [new PermessageDeflateNegotiator()],
    authorize: ({ path }): Authorization<unknown> => {
      const status = refusalOf(path);
      return status === undefined ? { type: "accept", data: undefined } : { type: "reject", status };
    },
    ...(identity && { tls: { certificate: identity.certificate, key: identity.key } }),
  });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const connections = server[Symbol.asyncIterator]();
  return {
    url: `${identity ? "wss" : "ws"}://127.0.0.1:${port}`,
    async next() {
      const { value } = await connections.next();
      if (value === undefined) throw new Error("closed");
      return endOf(value);
    },
    stop: () => server.close({ drainMs: 100 }),
  };
}

function endOf(connection: HandledConnection): End {
  return {
    httpVersion: connection.request.httpVersion,
    subprotocol: connection.subprotocol ?? "",
    extensions: connection.extensions.join(", "),
    send(message, fragments = 1) {
      if (fragments === 1) {
        void connection.send(message);
        return;
      }
      const stream = connection.sendStream(typeof message === "string" ? "text" : "binary");
      for (const piece of pieces(Buffer.from(message as string), fragments)) stream.write(piece);
      stream.end();
    },
    async receive() {
      const message = await connection.receive();
      if (message === undefined) throw new Error("closed");
      return message;
    },
    ping: () => connection.ping(),
    close: (code = 1005, reason) => void connection.close(code, reason),
    abort: () => connection.abort(),
    closed: connection.closed.then(({ peerClose }) => peerClose ?? { code: 1006, reason: "" }),
  };
}
