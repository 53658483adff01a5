import { describe, expect, test } from "vitest";
import { tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import type { Extension } from "../../src/protocol/message/extension.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { askedFor } from "../support/asked-for.ts";
import { settled, setUp } from "../support/websocket-peer.ts";

const Full = { windowBits: 15, contextTakeover: true };
const deflate = () => [new PermessageDeflate({ outgoing: Full, incoming: Full })];

/** A server with `handler` and a client that writes down what it is told, both compressing. */
function twoEnds(handler: WebSocketHandler, options: { maxMessageBytes?: number; pair?: MemoryPairOptions } = {}) {
  const { near, far } = createMemoryPair(options.pair);
  const told: string[] = [];
  const common = {
    maxMessageBytes: options.maxMessageBytes ?? 1_000_000,
    maxFrameBytes: undefined,
    maxFragments: 10,
    maxBufferedBytes: 16 * 1024 * 1024,
    closeMs: 5_000,
    writeStallMs: 60_000,
  };
  const end = (role: "server" | "client", own: WebSocketHandler) => ({
    ...common,
    role,
    request: askedFor(),
    subprotocol: undefined,
    handler: own,
    extensions: deflate(),
    incoming: new Traffic(),
    outgoing: new Traffic(),
    onEnded: () => {},
  });
  const serverOptions = end("server", handler);
  const server = new WebSocketConnection(near, serverOptions);
  const client = new WebSocketConnection(
    far,
    end("client", {
      onMessage: (_, message) => void told.push(typeof message === "string" ? message : `${message.length} bytes`),
      onClose: (_, { code, clean }) => void told.push(`close ${code} ${clean ? "clean" : "unclean"}`),
    }),
  );
  return { server, client, told, sent: serverOptions.outgoing };
}

const echo: WebSocketHandler = { onMessage: (connection, message) => connection.send(message) };

describe.each([
  { lifetime: "kept", chunkBytes: 65_536 },
  { lifetime: "call", chunkBytes: 7 },
] as const)("compressed messages (bytes $lifetime, chunks of $chunkBytes)", (pair) => {
  test("keep their order among others, and the Close comes behind them", async () => {
    const { client, told } = twoEnds(echo, { pair });
    const line = "the same again, ".repeat(100);
    const messages = [line, "short", `${line}!`, "", line];
    for (const message of messages) void client.send(message);
    await settled();
    void client.close(1000);
    await settled();
    expect(told).toEqual([...messages, "close 1000 clean"]);
  });

  test("sent while the handler is at work wait like others", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, told } = twoEnds({
      async onMessage(connection, message) {
        await gate.promise;
        await connection.send(message);
      },
    });
    void client.send("a".repeat(1_000));
    void client.send("b".repeat(1_000));
    await settled();
    expect(told).toEqual([]);
    gate.resolve();
    await settled();
    expect(told).toEqual(["a".repeat(1_000), "b".repeat(1_000)]);
  });
});

test("what is sent is counted as it is on the wire", async () => {
  const { server, told, sent } = twoEnds({});
  await server.send("z".repeat(100_000));
  await settled();
  expect(told).toEqual(["z".repeat(100_000)]);
  expect(sent.bytes).toBeLessThan(500);
});

test("a message may be left as it is", async () => {
  const { connection, near } = setUp({}, { extensions: deflate() });
  const written: Uint8Array[] = [];
  const write = near.write.bind(near);
  near.write = (bytes, ...rest) => {
    written.push(bytes);
    return write(bytes, ...rest);
  };
  await connection.send("s".repeat(1_000), { compress: false });
  await connection.send("s".repeat(1_000));
  expect(written.map((bytes) => tryDecodeFrame(bytes)?.frame.rsv)).toEqual([0, 0b100]);
});

test("more than may come out is a limit, and the WebSocket is closed with 1009", async () => {
  const { connection, peer, limitsHit, endings } = setUp({}, { extensions: deflate(), maxMessageBytes: 1_000 });
  const bomb = new PermessageDeflate({ outgoing: Full, incoming: Full }).encode(
    { fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(1_001) },
    {},
  );
  const wire = peer.frame(2, bomb.payload);
  wire[0]! |= bomb.rsv << 4;
  peer.send(wire);
  await settled();
  expect(limitsHit).toEqual(["message_bytes"]);
  expect(peer.heard[0]).toMatch(/^Close 1009/);
  peer.stream.end();
  await settled();
  expect(endings).toMatchObject([{ cause: "limit", code: 1009 }]);
  await expect(connection.send("late")).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
});

test("those agreed on are told by name, in their order", () => {
  const plain = (name: string, rsv: number): Extension => ({ name, rsv, encode: (one) => one, decode: (one) => one });
  const { connection } = setUp({}, { extensions: [plain("b", 0b010), ...deflate(), plain("a", 0)] });
  expect(connection.extensions).toEqual(["b", "permessage-deflate", "a"]);
});
