import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { describeLink } from "./describe-link.ts";
import type { ClientLibrary, End } from "./end.ts";
import { GatewayServer, GatewayTlsServer } from "./gateway-ends.ts";
import { pythonLibrary } from "./python-ends.ts";
import { undiciClient } from "./standard-ends.ts";
import { WsClient, WsOverHttp2Client } from "./ws-ends.ts";

// Over HTTP/1.1 and HTTP/2, with TLS and without; what is no row here, the client cannot do.
const Rows = [
  { client: WsClient, protocol: "h1", listener: "wss", server: GatewayTlsServer },
  { client: WsClient, protocol: "h1", listener: "ws", server: GatewayServer },
  { client: undiciClient("h1"), protocol: "h1", listener: "wss", server: GatewayTlsServer },
  { client: undiciClient("h1"), protocol: "h1", listener: "ws", server: GatewayServer },
  { client: undiciClient("h2"), protocol: "h2", listener: "wss", server: GatewayTlsServer },
  { client: WsOverHttp2Client, protocol: "h2", listener: "wss", server: GatewayTlsServer },
  { client: WsOverHttp2Client, protocol: "h2", listener: "ws", server: GatewayServer },
  { client: pythonLibrary("websockets").client, protocol: "h1", listener: "wss", server: GatewayTlsServer },
  // Not wsproto, for which 1014 breaks a rule: it was registered when wsproto was written.
  { client: pythonLibrary("websockets").client, protocol: "h1", listener: "ws", server: GatewayServer },
];

for (const { client, server } of Rows) describeLink(client, server);

describe("what the gateway counts, and its own handler", () => {
  let backend: WsBackend;
  let gateway: GatewayProcess;
  let ca: string;

  beforeAll(async () => {
    const identity = await testCertificate();
    ca = identity.certificate;
    backend = await startWsBackend({ deflate: true });
    gateway = await startGateway(
      {
        listeners: [
          { name: "wss", address: "127.0.0.1:0", tls: { certificate: "certificate.pem", key: "key.pem" } },
          { name: "ws", address: "127.0.0.1:0" },
        ],
        routes: [
          { name: "backend", path: "/backend", upstream: "backend" },
          { name: "echo", path: "/echo", handler: "echo" },
        ],
        upstreams: { backend: { addresses: [backend.url] } },
      },
      { "certificate.pem": identity.certificate, "key.pem": identity.key },
    );
  });

  afterAll(async () => {
    for (const { client } of Rows) await client.stop?.();
    await gateway?.stop();
    await backend?.stop();
  });

  const open = (client: ClientLibrary, listener: string, path: string): Promise<End> => {
    const url = `${(gateway.listeners.get(listener) ?? "").replace(/^http/, "ws")}${path}`;
    return client.open({ url, subprotocols: [], ca });
  };
  const leave = async (end: End): Promise<void> => {
    end.close(1000);
    await end.closed;
  };

  test.each(Rows)("$client.name by $listener: it is seen in the protocol it speaks", async (row) => {
    const { client, listener, protocol } = row;
    const end = await open(client, listener, "/backend");
    expect(sumOf(await gateway.metrics(), "hawser_streams_open", { protocol })).toBe(1);
    await leave(end);
    await expect.poll(async () => sumOf(await gateway.metrics(), "hawser_streams_open", { protocol })).toBe(0);
  });

  test.each(Rows)(
    "$client.name by $listener: messages of every length class come back",
    async ({ client, listener }) => {
      const end = await open(client, listener, "/echo");
      for (const length of [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024]) {
        const bytes = randomBytes(length);
        end.send(bytes);
        expect(Buffer.from((await end.receive()) as Uint8Array).equals(bytes)).toBe(true);
        const text = bytes.toString("base64").slice(0, length);
        end.send(text);
        expect(await end.receive()).toBe(text);
      }
      await leave(end);
    },
  );

  const deflating = Rows.filter(({ client, listener }) => client.compresses && listener === "wss");
  test.each(deflating)("$client.name: compressed frames pass", async ({ client, listener }) => {
    const ToClient = { route: "backend", direction: "to_client" };
    const before = sumOf(await gateway.metrics(), "hawser_stream_bytes_total", ToClient);
    const opened = backend.next();
    const end = await open(client, listener, "/backend");
    const text = "hawser ".repeat(20_000);
    end.send(text);
    expect(await end.receive()).toBe(text);
    const { socket } = await opened;
    expect([end.extensions, socket.extensions].join()).toMatch(/^permessage-deflate.*,permessage-deflate/);
    const bytes = sumOf(await gateway.metrics(), "hawser_stream_bytes_total", ToClient) - before;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(text.length / 10);
    await leave(end);
  });

  test("ws sends compressed frames, too", async () => {
    const opened = backend.next();
    const end = await open(WsClient, "wss", "/backend");
    const text = "hawser ".repeat(20_000);
    end.send(text);
    await end.receive();
    expect((await opened).compressedFrames).toBe(1);
    await leave(end);
  });
});
