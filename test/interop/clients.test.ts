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

describe.each([
  { client: "ws", protocol: "h1", listener: "wss", open: openWs },
  { client: "ws", protocol: "h1", listener: "ws", open: openWs },
  { client: "undici", protocol: "h1", listener: "wss", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici", protocol: "h1", listener: "ws", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici", protocol: "h2", listener: "wss", open: (it: PeerRequest) => openUndici(it, WithH2) },
  { client: "ws on node:http2", protocol: "h2", listener: "wss", open: openWsOverHttp2 },
  { client: "ws on node:http2", protocol: "h2", listener: "ws", open: openWsOverHttp2 },
])("$client over $protocol by $listener:", ({ protocol, listener, open }) => {
  async function openPeer(path: string): Promise<Peer> {
    const url = `${(gateway.listeners.get(listener) ?? "").replace(/^http/, "ws")}${path}`;
    return open({ url, ca, subprotocols: ["chat.v1", "chat.v2"] });
  }

  describe.each([{ path: "/backend" }, { path: "/echo" }])("on $path", ({ path }) => {
    test("messages of every length class come back as they were", async () => {
      const peer = await openPeer(path);
      for (const length of [0, 1, 125, 126, 65_535, 65_536, MiB]) {
        const bytes = randomBytes(length);
        expect(Buffer.from(bytes).equals(Buffer.from(await peer.echo(bytes)))).toBe(true);
        const text = bytes.toString("base64").slice(0, length);
        expect(await peer.echo(text)).toBe(text);
      }
      peer.release();
    });

    test("its own Close comes back", async () => {
      const peer = await openPeer(path);
      peer.close(4001, "grüße");
      expect(await peer.closed).toEqual({ code: 4001, reason: "grüße" });
      peer.release();
    });
  });

  test("is seen by the gateway in the protocol it speaks", async () => {
    const peer = await openPeer("/backend");
    expect(sumOf(await gateway.metrics(), "hawser_streams_open", { protocol })).toBe(1);
    peer.release();
    await peer.closed;
  });

  test("the backend chooses the subprotocol", async () => {
    const peer = await openPeer("/backend");
    expect(peer.subprotocol).toBe("chat.v2");
    peer.release();
  });

  test("the backend's Close arrives, and the answer goes back", async () => {
    const opened = backend.next();
    const peer = await openPeer("/backend");
    const { socket, closed } = await opened;
    socket.close(4002, "grüße");
    expect(await peer.closed).toEqual({ code: 4002, reason: "grüße" });
    expect(await closed).toEqual({ code: 4002, reason: "grüße" });
    peer.release();
  });

  test("its Close arrives at the backend", async () => {
    const opened = backend.next();
    const peer = await openPeer("/backend");
    peer.close(4003, "grüße");
    expect(await (await opened).closed).toEqual({ code: 4003, reason: "grüße" });
    peer.release();
  });
});

describe.each([
  { client: "ws", open: openWs },
  { client: "undici over h1", open: (it: PeerRequest) => openUndici(it, WithoutH2) },
  { client: "undici over h2", open: (it: PeerRequest) => openUndici(it, WithH2) },
])("permessage-deflate of $client", ({ open }) => {
  test("is agreed on end to end, and compressed frames pass", async () => {
    const opened = backend.next();
    const url = `${(gateway.listeners.get("wss") ?? "").replace(/^http/, "ws")}/backend`;
    const peer = await open({ url, ca, subprotocols: ["chat.v2"] });
    const text = "hawser ".repeat(20_000);
    expect(await peer.echo(text)).toBe(text);
    expect(peer.extensions).toContain("permessage-deflate");
    expect((await opened).compressedFrames).toBeGreaterThan(0);
    peer.release();
  });
});
