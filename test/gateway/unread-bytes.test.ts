import { once } from "node:events";
import { onTestFinished, test, expect } from "vitest";
import { WebSocketServer } from "ws";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectSession } from "../support/loopback-clients.ts";

test("a connection whose upstreams read nothing loses the stream that holds most, and that is counted", async () => {
  const backend = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => backend.close());
  await once(backend, "listening");
  backend.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.pause();
    onTestFinished(() => socket.terminate());
  });
  const address = backend.address();
  if (typeof address !== "object" || address === null) throw new Error("not TCP");
  const gateway = await startGatewayUnderTest({
    http2: { engine: "hawser", streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
    routes: [{ pathPrefix: "/", upstream: "backend" }],
    upstreams: { backend: { addresses: [`ws://127.0.0.1:${address.port}`] } },
  });
  const session = await connectSession(gateway.port);
  const open = async () => {
    const stream = session.request(
      { ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "a.test", ":path": "/" },
      { endStream: false },
    );
    stream.on("error", () => undefined);
    const closed = new Promise<number | undefined>((resolve) => stream.once("close", () => resolve(stream.rstCode)));
    const [fields] = await once(stream, "response");
    expect(fields[":status"]).toBe(200);
    return { stream, closed };
  };
  const streams = [await open(), await open()];
  for (const { stream } of streams) {
    // One frame without an end: more than the system's buffers on the way to the upstream take.
    stream.write(Buffer.from("82ff000000000400000000000000", "hex"));
    stream.write(Buffer.alloc(33_554_432));
  }
  expect(await Promise.race(streams.map(({ closed }) => closed))).toBe(11);
  expect(streams.filter(({ stream }) => stream.closed)).toHaveLength(1);
  await gateway.settles("hawser_limits_hit_total", { limit: "unread_bytes", protocol: "h2" }, 1);
});
