import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { onTestFinished, describe, expect, test } from "vitest";
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from "ws";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import {
  acceptExtensions,
  confirmExtensions,
  offerExtensions,
} from "../../src/protocol/handshake/extension-negotiation.ts";
import type { Extension } from "../../src/protocol/message/extension.ts";
import {
  PermessageDeflateNegotiator,
  type PermessageDeflateOptions,
} from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { dial } from "../../src/transport/dialer.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { askedFor } from "../support/asked-for.ts";
import { type Access, listenFor } from "../support/listening.ts";
import { openUndici } from "./peers.ts";

/** What each side would have, and what they agree on. */
const Agreements: readonly { ours: PermessageDeflateOptions; theirs: PerMessageDeflateOptions }[] = [
  { ours: {}, theirs: {} },
  { ours: { serverMaxWindowBits: 15, clientMaxWindowBits: 15, level: 9 }, theirs: {} },
  { ours: { serverNoContextTakeover: true }, theirs: {} },
  { ours: { clientNoContextTakeover: true }, theirs: {} },
  { ours: { serverNoContextTakeover: true, clientNoContextTakeover: true }, theirs: {} },
  { ours: {}, theirs: { serverNoContextTakeover: true, clientNoContextTakeover: true } },
  { ours: { serverMaxWindowBits: 9 }, theirs: {} },
  { ours: { clientMaxWindowBits: 9 }, theirs: {} },
  { ours: { serverMaxWindowBits: 8, clientMaxWindowBits: 8 }, theirs: {} },
  { ours: {}, theirs: { serverMaxWindowBits: 10, clientMaxWindowBits: 10 } },
];

const line = "The quick brown fox jumps over the lazy dog; ";
const Messages: readonly (string | Uint8Array)[] = [
  "",
  "short",
  line.repeat(10),
  line.repeat(10),
  "€uro ".repeat(300),
  Uint8Array.from({ length: 3_000 }, (_, index) => (index * index * 31) >> 3),
  line.repeat(3_000),
  line.repeat(10),
];

function connect(
  stream: ByteStream,
  role: "server" | "client",
  extensions: readonly Extension[],
  handler: WebSocketHandler,
) {
  return new WebSocketConnection(stream, {
    ...{
      role,
      extensions,
      handler,
      request: askedFor(),
      subprotocol: undefined,
      incoming: new Traffic(),
      outgoing: new Traffic(),
      onEnded: () => {},
    },
    ...{ maxMessageBytes: 1_000_000, maxFrameBytes: undefined, maxFragments: 100, maxBufferedBytes: 16_777_216 },
    ...{ closeMs: 5_000, writeStallMs: 60_000 },
  });
}

const echo: WebSocketHandler = { onMessage: (connection, message) => connection.send(message) };

/** A server of ours that echoes. */
async function startServer(options: PermessageDeflateOptions, access: Access = "cleartext") {
  const negotiators = [new PermessageDeflateNegotiator(options)];
  const listening = await listenFor(access);
  listening.onOpening = (opening) => {
    const { value, extensions } = acceptExtensions(opening.request.extensions, negotiators);
    connect(opening.accept({ extensions: value }), "server", extensions, echo);
  };
  return { url: listening.origin.replace(/^http/, "ws"), listening };
}

describe.each(Agreements)("$ours and ws with $theirs", ({ ours, theirs }) => {
  test("our server echoes its messages, in order", async () => {
    const { url } = await startServer(ours);
    const client = new WebSocket(url, { perMessageDeflate: { threshold: 0, ...theirs } });
    onTestFinished(() => client.terminate());
    await once(client, "open");
    expect(client.extensions).toMatch(/^permessage-deflate/);
    const echoed: (string | Uint8Array)[] = [];
    client.on("message", (data: Buffer, isBinary) => {
      echoed.push(isBinary ? new Uint8Array(data) : data.toString());
      if (echoed.length === Messages.length) client.close(1000);
    });
    for (const message of Messages) client.send(message);
    const [code] = await once(client, "close");
    expect(code).toBe(1000);
    expect(echoed).toEqual(Messages);
  });

  test("our client gets its messages back, in order", async () => {
    const server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      perMessageDeflate: { threshold: 0, ...theirs },
    });
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    server.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const negotiators = [new PermessageDeflateNegotiator({ required: true, ...ours })];
    const dialed = await dial(
      {
        address: { transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined },
        secure: undefined,
        sourceAddress: undefined,
      },
      {
        authority: `127.0.0.1:${port}`,
        path: "/",
        subprotocols: [],
        extensions: offerExtensions(negotiators),
        fields: [],
      },
      { connectTimeoutMs: 5_000, answerTimeoutMs: 5_000, signal: new AbortController().signal },
    );
    if (dialed.type !== "accepted") throw new Error(dialed.type);
    const extensions = confirmExtensions(dialed.answer.extensions, negotiators);
    const echoed: (string | Uint8Array)[] = [];
    const closed = Promise.withResolvers<number>();
    const client = connect(dialed.stream, "client", extensions, {
      onMessage(connection, message) {
        echoed.push(message);
        if (echoed.length === Messages.length) connection.close(1000);
      },
      onClose: (_, { code, clean }) => closed.resolve(clean ? code : -1),
    });
    for (const message of Messages) void client.send(message);
    expect(await closed.promise).toBe(1000);
    expect(echoed).toEqual(Messages);
  });
});

test.each([
  { httpVersion: "1.1", allowH2: false },
  { httpVersion: "2", allowH2: true },
])("undici's WebSocket compresses with our server on HTTP/$httpVersion", async ({ httpVersion, allowH2 }) => {
  const { url, listening } = await startServer({ serverMaxWindowBits: 11 }, "TLS");
  const peer = await openUndici({ url, subprotocols: [], ca: listening.ca ?? "" }, { allowH2 });
  expect(listening.openings.map(({ request }) => request.httpVersion)).toEqual([httpVersion]);
  expect(peer.extensions).toMatch(/^permessage-deflate/);
  for (const message of Messages) expect(await peer.echo(message)).toEqual(message);
  await peer.leave();
});
