import { describe, expect, onTestFinished, test } from "vitest";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";

const Text = "a text that says the same again and again, ".repeat(1_000);

describe.each(["h1", "h2"] as const)("a handler over %s", (protocol) => {
  test.each([
    { compress: true, extensions: ["permessage-deflate"], mostBytes: Text.length / 20 },
    { compress: false, extensions: [], mostBytes: Text.length + 14 },
  ])("agrees to permessage-deflate where compress is $compress", async ({ compress, extensions, mostBytes }) => {
    const gateway = await startGatewayUnderTest({
      routes: [{ name: "echo", path: "/echo", handler: "echo" }],
      handlers: { compress },
    });
    const client = new WebSocketClient({ protocol, extensions: [new PermessageDeflateNegotiator()] });
    onTestFinished(() => client.close());
    const connection = await client.connect(`ws://127.0.0.1:${gateway.port}/echo`);
    expect(connection.extensions).toEqual(extensions);
    await connection.send(Text);
    expect(await connection.receive()).toBe(Text);
    const received = await gateway.metric("hawser_stream_bytes_total", { route: "echo", direction: "to_client" });
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThanOrEqual(mostBytes);
    await connection.close();
  });
});
