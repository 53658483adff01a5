import { once } from "node:events";
import { connect, createSecureServer, type ClientHttp2Stream, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import type { TestCertificate } from "../support/certificates.ts";
import {
  type ClientLibrary,
  type End,
  Inbox,
  pieces,
  refusalOf,
  Refused,
  type RunningServer,
  type ServerLibrary,
  Subprotocol,
} from "./end.ts";

const Abilities = { compresses: true, fragments: true, pings: true, aborts: true, bareClose: 1005 } as const;

/** The client of `ws`: RFC 6455 over HTTP/1.1. */
export const WsClient: ClientLibrary = {
  ...Abilities,
  name: "ws over h1",
  httpVersion: "1.1",
  tellsStatus: true,
  async open({ url, subprotocols, ca }) {
    const socket = new WebSocket(url, [...subprotocols], { ca });
    const end = endOf(socket);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (request, { statusCode }) => {
        request.destroy();
        reject(new Refused(statusCode));
      });
    });
    return end;
  },
};

/** `ws` on an Extended CONNECT of node:http2 (RFC 8441), over TLS or, with prior knowledge, without. */
export const WsOverHttp2Client: ClientLibrary = {
  ...Abilities,
  name: "ws over h2",
  httpVersion: "2",
  compresses: false,
  tellsStatus: true,
  async open({ url, subprotocols, ca }) {
    const { origin, pathname } = new URL(url.replace(/^ws/, "http"));
    const session = connect(origin, { ca });
    session.on("error", () => undefined);
    await once(session, "remoteSettings");
    const asked = subprotocols.length > 0 ? { "sec-websocket-protocol": subprotocols.join(", ") } : {};
    const stream = session.request(
      {
        ...{ ":method": "CONNECT", ":protocol": "websocket", ":path": pathname },
        ...{ "sec-websocket-version": "13", ...asked },
      },
      { endStream: false },
    );
    stream.on("close", () => session.destroy());
    const [fields] = await once(stream, "response");
    if (fields[":status"] !== 200) {
      session.destroy();
      throw new Refused(fields[":status"]);
    }
    return endOf(wsOn(stream, "client", String(fields["sec-websocket-protocol"] ?? "")));
  },
};

/** The server of `ws`: RFC 6455 over HTTP/1.1, without TLS. */
export const WsServer: ServerLibrary = {
  ...Abilities,
  name: "ws over h1",
  httpVersion: "1.1",
  start: startWsServer,
};

/** `ws` on the Extended CONNECTs that a server of node:http2 gets, over TLS. */
export const WsOverHttp2Server: ServerLibrary = {
  ...Abilities,
  name: "ws over h2",
  httpVersion: "2",
  compresses: false,
  start: startWsOverHttp2Server,
};

async function startWsServer(): Promise<RunningServer> {
  const ends = new Inbox<End>();
  const server = new WebSocketServer({
    ...{ host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 0 } },
    handleProtocols: (offered) => (offered.has(Subprotocol) ? Subprotocol : false),
    verifyClient: ({ req }, answer) => {
      const status = refusalOf(req.url);
      if (status === undefined) answer(true);
      else answer(false, status, "no");
    },
  });
  server.on("connection", (socket) => ends.push(endOf(socket)));
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => ends.take(),
    async stop() {
      for (const client of server.clients) client.terminate();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function startWsOverHttp2Server({ certificate, key }: TestCertificate): Promise<RunningServer> {
  const ends = new Inbox<End>();
  const streams = new Set<ServerHttp2Stream>();
  const server = createSecureServer({ cert: certificate, key, settings: { enableConnectProtocol: true } });
  server.on("stream", (stream, fields) => {
    streams.add(stream.on("close", () => streams.delete(stream)).on("error", () => undefined));
    const status = refusalOf(fields[":path"]);
    if (fields[":protocol"] !== "websocket" || status !== undefined) {
      stream.respond({ ":status": status ?? 400 });
      stream.end("no\n");
      return;
    }
    const offered = (fields["sec-websocket-protocol"] ?? "").split(/, ?/);
    const subprotocol = offered.includes(Subprotocol) ? Subprotocol : "";
    stream.respond({ ":status": 200, ...(subprotocol && { "sec-websocket-protocol": subprotocol }) });
    ends.push(endOf(wsOn(stream, "server", subprotocol)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `wss://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => ends.take(),
    async stop() {
      for (const { session } of streams) session?.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

/** A WebSocket of `ws` whose opening handshake was made elsewhere; it has no public door for that. */
function wsOn(
  stream: ClientHttp2Stream | ServerHttp2Stream,
  role: "client" | "server",
  subprotocol: string,
): WebSocket {
  const socket: WebSocket = Reflect.construct(WebSocket, [null, undefined, { autoPong: true, closeTimeout: 30_000 }]);
  Object.assign(socket, { _isServer: role === "server", _protocol: subprotocol });
  const inside = socket as unknown as { setSocket(stream: Duplex, head: Buffer, options: object): void };
  inside.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false });
  return socket;
}

function endOf(socket: WebSocket): End {
  const inbox = new Inbox<string | Uint8Array>();
  socket.on("message", (data: RawData, isBinary) => {
    const bytes = data as Buffer;
    inbox.push(isBinary ? new Uint8Array(bytes) : bytes.toString());
  });
  socket.on("error", () => undefined);
  const closed = once(socket, "close").then(([code, reason]) => {
    inbox.close();
    return { code: code as number, reason: String(reason) };
  });
  return {
    get subprotocol() {
      return socket.protocol;
    },
    get extensions() {
      return socket.extensions;
    },
    send(message, fragments = 1) {
      const binary = typeof message !== "string";
      const parts = fragments === 1 ? [message] : pieces(Buffer.from(message as string), fragments);
      for (const [at, part] of parts.entries()) socket.send(part, { binary, fin: at === parts.length - 1 });
    },
    receive: () => inbox.take(),
    async ping() {
      const pong = once(socket, "pong");
      socket.ping("ping");
      await pong;
    },
    close: (code, reason) => socket.close(code, reason),
    abort: () => socket.terminate(),
    closed,
  };
}
