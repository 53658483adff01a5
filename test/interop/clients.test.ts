import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { openUndici, openWs, openWsOverHttp2, type Peer, type PeerRequest } from "./peers.ts";

const MiB = 1024 * 1024;

let backend: WsBackend;
let gateway: GatewayProcess;
let ca: string;

beforeAll(async () => {
  const identity = await testCertificate();
  ca = identity.certificate;
  backend = await startWsBackend({ subprotocols: ["chat.v2"], deflate: true });
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
  await gateway?.stop();
  await backend?.stop();
});

const WithoutH2 = { allowH2: false };
const WithH2 = { allowH2: true };
const ToClient = { route: "backend", direction: "to_client" };

describe.each([
  { client: "ws", protocol: "h1", listener: "wss", open: openWs },
  { client: "ws", protocol: "h1", listener: "ws", open: openWs },
  { client: "undici", protocol: "h1", listener: "wss", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici", protocol: "h1", listener: "ws", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici", protocol: "h2", listener: "wss", open: (it: PeerRequest) => openUndici(it, WithH2) },
  { client: "ws on node:http2", protocol: "h2", listener: "wss", open: openWsOverHttp2 },
  { client: "ws on node:http2", protocol: "h2", listener: "ws", open: openWsOverHttp2 },
])("$client over $protocol by $listener:", ({ protocol, listener, open }) => {
  const openPeer = (path: string, subprotocols: readonly string[] = []): Promise<Peer> =>
    open({ url: urlOf(listener, path), ca, subprotocols });

  describe.each([{ path: "/backend" }, { path: "/echo" }])("on $path", ({ path }) => {
    test("messages of every length class come back as they were", async () => {
      const peer = await openPeer(path);
      for (const length of [0, 1, 125, 126, 65_535, 65_536, MiB]) {
        const bytes = randomBytes(length);
        expect(Buffer.from(bytes).equals(Buffer.from(await peer.echo(bytes)))).toBe(true);
        const text = bytes.toString("base64").slice(0, length);
        expect(await peer.echo(text)).toBe(text);
      }
      await peer.leave();
    });

    test("its own Close comes back", async () => {
      const peer = await openPeer(path);
      peer.close(4001, "grüße");
      expect(await peer.closed).toMatchObject({ code: 4001 });
      await peer.leave();
    });
  });

  test("is seen by the gateway in the protocol it speaks", async () => {
    const peer = await openPeer("/backend");
    expect(sumOf(await gateway.metrics(), "hawser_streams_open", { protocol })).toBe(1);
    await peer.leave();
  });

  test("the backend chooses the subprotocol", async () => {
    const peer = await openPeer("/backend", ["chat.v1", "chat.v2"]);
    expect(peer.subprotocol).toBe("chat.v2");
    await peer.leave();
  });

  test("the backend's Close arrives, and the answer goes back", async () => {
    const opened = backend.next();
    const peer = await openPeer("/backend");
    const { socket, closed } = await opened;
    socket.close(4002, "grüße");
    expect(await peer.closed).toEqual({ code: 4002, reason: "grüße" });
    expect(await closed).toMatchObject({ code: 4002 });
    await peer.leave();
  });

  test("its Close arrives at the backend", async () => {
    const opened = backend.next();
    const peer = await openPeer("/backend");
    peer.close(4003, "grüße");
    expect(await (await opened).closed).toEqual({ code: 4003, reason: "grüße" });
    await peer.leave();
  });
});

describe.each([
  { client: "ws", open: openWs },
  { client: "undici over h1", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici over h2", open: (it: PeerRequest) => openUndici(it, WithH2) },
])("permessage-deflate of $client", ({ open }) => {
  test("is agreed on end to end, and compressed frames pass", async () => {
    const before = sumOf(await gateway.metrics(), "hawser_stream_bytes_total", ToClient);
    const opened = backend.next();
    const peer = await open({ url: urlOf("wss", "/backend"), ca, subprotocols: [] });
    const text = "hawser ".repeat(20_000);
    expect(await peer.echo(text)).toBe(text);
    expect(peer.extensions).toContain("permessage-deflate");
    expect((await opened).socket.extensions).toContain("permessage-deflate");
    const bytes = sumOf(await gateway.metrics(), "hawser_stream_bytes_total", ToClient) - before;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(text.length / 10);
    await peer.leave();
  });
});

test("ws sends compressed frames, too", async () => {
  const opened = backend.next();
  const peer = await openWs({ url: urlOf("wss", "/backend"), ca, subprotocols: [] });
  await peer.echo("hawser ".repeat(20_000));
  expect((await opened).compressedFrames).toBe(1);
  await peer.leave();
});

function urlOf(listener: string, path: string): string {
  return `${(gateway.listeners.get(listener) ?? "").replace(/^http/, "ws")}${path}`;
}
