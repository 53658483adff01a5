import { Agent, WebSocket as UndiciWebSocket } from "undici";
import { WebSocket as OwnWebSocket } from "../../src/websocket/web-socket.ts";
import { Inbox, Refused, type ClientLibrary, type End, type Message, type OpenRequest } from "./end.ts";

/** What the WebSockets of undici, of Node and of our own have in common: they are those of browsers. */
type StandardWebSocket = UndiciWebSocket | OwnWebSocket | WebSocket;

/** They tell no more of a refusal than that there was one. */
const Abilities = {
  ...({ compresses: true, fragments: false, pings: false, aborts: false } as const),
  ...({ bareClose: 1005, tellsStatus: false } as const),
};

/** The WebSocket of undici, over what its agent speaks: RFC 8441 where that allows h2 and the server offers it. */
export function undiciClient(protocol: "h1" | "h2"): ClientLibrary {
  const agents: Agent[] = [];
  return {
    ...Abilities,
    name: `undici over ${protocol}`,
    httpVersion: protocol === "h2" ? "2" : "1.1",
    open({ url, subprotocols, ca }) {
      const dispatcher = new Agent({ allowH2: protocol === "h2", connect: { ca } });
      agents.push(dispatcher);
      return opened(new UndiciWebSocket(url, { protocols: [...subprotocols], dispatcher }));
    },
    async stop() {
      await Promise.all(agents.map((agent) => agent.destroy()));
    },
  };
}

/** The WebSocket that Node has built in, over HTTP/1.1 without TLS. */
export const NodeClient: ClientLibrary = {
  ...Abilities,
  name: "Node over h1",
  httpVersion: "1.1",
  open: ({ url, subprotocols }) => opened(new WebSocket(url, [...subprotocols])),
};

/** Our own, in the shape of browsers. */
export function ownStandardClient(protocol: "h1" | "h2"): ClientLibrary {
  return {
    ...Abilities,
    name: `our WebSocket class over ${protocol}`,
    httpVersion: protocol === "h2" ? "2" : "1.1",
    open: ({ url, subprotocols, ca }: OpenRequest) =>
      opened(new OwnWebSocket(url, subprotocols, { protocol, tls: { ca } })),
  };
}

async function opened(socket: StandardWebSocket): Promise<End> {
  // They agree on events, but not on a type of them.
  const standard = socket as OwnWebSocket;
  const inbox = new Inbox<Message>();
  standard.binaryType = "arraybuffer";
  standard.addEventListener("message", ({ data }) =>
    inbox.push(typeof data === "string" ? data : new Uint8Array(data)),
  );
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    standard.addEventListener("close", ({ code, reason }) => {
      inbox.close();
      resolve({ code, reason });
    });
  });
  await new Promise((resolve, reject) => {
    standard.addEventListener("open", resolve);
    standard.addEventListener("error", () => reject(new Refused()));
  });
  return {
    get subprotocol() {
      return standard.protocol;
    },
    get extensions() {
      return standard.extensions;
    },
    send: (message) => standard.send(message),
    receive: () => inbox.take(),
    close: (code, reason) => standard.close(code, reason),
    closed,
  };
}
