import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "../../src/websocket/server.ts";
import { reconnecting } from "../../src/websocket/reconnecting.ts";
import { ClientVersions } from "../support/answering-server.ts";
import { clientFor } from "../support/client-under-test.ts";

async function namedServer(name: string, port = 0): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer({ handler: { onOpen: (connection) => connection.send(name) }, closeMs: 50 });
  onTestFinished(() => server.close({ drainMs: 10 }));
  return { server, port: (await server.listen({ host: "127.0.0.1", port })).port };
}

test.each(ClientVersions)(
  "over $protocol a WebSocket comes back when its server does",
  async ({ protocol, httpVersion }) => {
    const { server, port } = await namedServer("first");
    const client = clientFor({ protocol });
    const heard: unknown[] = [];
    let failures = 0;
    const connections = reconnecting(`ws://127.0.0.1:${port}/`, {
      reconnect: {
        connect: (url, options) => client.connect(url, options),
        minMs: 20,
        maxMs: 40,
        onRetry: ({ type }) => {
          // It comes back only when somebody has stood before a closed door.
          if (type === "failed" && ++failures === 2) void namedServer("second", port);
        },
      },
    });
    for await (const connection of connections) {
      heard.push(`${String(await connection.receive())} over ${connection.request.httpVersion}`);
      if (heard.length === 2) break;
      void server.close();
    }
    expect(heard).toEqual([`first over ${httpVersion}`, `second over ${httpVersion}`]);
    expect(failures).toBeGreaterThanOrEqual(2);
  },
);
