import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer as WsServer } from "ws";
import {
  PermessageDeflateNegotiator,
  type PermessageDeflateOptions,
} from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { connect } from "../../src/websocket/client.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";

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

describe.each(Agreements)("$ours and ws with $theirs", ({ ours, theirs }) => {
  test("our server echoes its messages, in order", async () => {
    await using server = new WebSocketServer({
      extensions: [new PermessageDeflateNegotiator(ours)],
      handler: { onMessage: (connection, message) => connection.send(message) },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: { threshold: 0, ...theirs } });
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
    const perMessageDeflate = { threshold: 0, ...theirs };
    const server = new WsServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    server.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const connection = await connect(`ws://127.0.0.1:${port}`, {
      extensions: [new PermessageDeflateNegotiator({ required: true, ...ours })],
    });
    for (const message of Messages) void connection.send(message);
    for (const message of Messages) expect(await connection.receive()).toEqual(message);
    expect(await connection.close(1000)).toMatchObject({ code: 1000, clean: true });
  });
});
