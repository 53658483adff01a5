import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { binaryFrame, pingFrame } from "../../src/protocol/frame/frame.ts";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { testCertificate } from "../support/certificates.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { freePort } from "../support/ports.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { WebSocketClient } from "../support/websocket-client.ts";
import { Clients, Versions, type Door, type Version } from "./clients.ts";

/** Gateways in which all happens that a metric counts. */
export interface LoadedGateways {
  /** One on node:http2 in one process, one on hawser's own HTTP/2 with two workers. */
  readonly gateways: readonly GatewayProcess[];
  /** Opens what lasts: one WebSocket each that is quiet, and one whose client stops to read and is given up with 1013. */
  begin(): Promise<void>;
  /** Lets all that ends happen once, on both gateways and over both HTTP versions. @throws Error if something else does. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** More than the buffers on the way to a client that does not read. */
const StalledBytes = 12 * 1024 * 1024;
const Fails = "export function onMessage() { throw new Error('it always fails'); }";
const Here = { authority: "localhost" };

/** Starts two gateways, and upstreams: one that echoes, one that refuses, one that is not there. */
export async function startLoadedGateways(): Promise<LoadedGateways> {
  const { certificate, key } = await testCertificate();
  const backend = await startWsBackend();
  const origin = await startOrigin();
  const config = {
    listeners: [{ name: "tls", address: "127.0.0.1:0", tls: { certificate: "certificate.pem", key: "key.pem" } }],
    routes: [
      { name: "chat", path: "/chat", upstream: "backend" },
      { name: "echo", path: "/echo", handler: "echo" },
      { name: "tight", path: "/tight", upstream: "backend", limits: { maxMessageBytes: 100 } },
      { name: "failing", path: "/failing", handler: "./fails.mjs" },
      { name: "refusing", path: "/refusing", upstream: "origin" },
      { name: "gone", path: "/gone", upstream: "gone" },
    ],
    upstreams: {
      backend: { addresses: [backend.url] },
      origin: { addresses: [`http://127.0.0.1:${(origin.address() as AddressInfo).port}`] },
      gone: { addresses: [`ws://127.0.0.1:${await freePort()}`] },
    },
    deadlines: { writeStallMs: 1_000, closeMs: 500 },
  };
  const files = { "certificate.pem": certificate, "key.pem": key, "fails.mjs": Fails };
  const start = (engine: H2EngineName, workers: number) =>
    startGateway({ ...config, http2: { engine }, workers }, files);
  const gateways = await Promise.all([start("node", 1), start("hawser", 2)]);
  const clients = new Clients();
  const onEach = async (act: (door: Door) => Promise<void>): Promise<void> => {
    const doorOf = (gateway: GatewayProcess, version: Version): Promise<Door> =>
      clients.doorOf({ url: gateway.listeners.get("tls") ?? "", certificate, version });
    const doors = gateways.flatMap((gateway) => Versions.map((version) => doorOf(gateway, version)));
    await Promise.all(doors.map(async (door) => await act(await door)));
  };
  return {
    gateways,
    begin: () => onEach(openWhatLasts),
    round: () => onEach((door) => playRound(door, backend)),
    async stop() {
      clients.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await backend.stop();
      origin.closeAllConnections();
      origin.close();
    },
  };
}

/** Answers ordinary requests, and refuses to open WebSockets. */
async function startOrigin(): Promise<Server> {
  const server = createServer((_, response) => response.end("fine"));
  server.on("upgrade", (_, socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function openWhatLasts(door: Door): Promise<void> {
  await WebSocketClient.open(await door.connect(), { ...Here, path: "/chat" });
  const stalled = await WebSocketClient.open(await door.connect(), { ...Here, path: "/chat" });
  stalled.readNothing();
  stalled.send(binaryFrame(new Uint8Array(StalledBytes)));
}

async function playRound(door: Door, backend: WsBackend): Promise<void> {
  const open = async (path: string) => await WebSocketClient.open(await door.connect(), { ...Here, path });
  for (const path of ["/echo", "/chat"]) await talk(await open(path));
  await expectClose(await open("/tight"), "x".repeat(101), "Close 1009");
  await expectClose(await open("/failing"), "whatever", "Close 1011");
  (await open("/chat")).leave();
  const ended = `/chat?${randomUUID()}`;
  const socket = await open(ended);
  backend.sockets.findLast(({ path }) => path === ended)?.socket.close(1001);
  expectSame(await socket.next(), "Close 1001");

  const statusOf = async (path: string, origin?: string): Promise<number> => {
    const client = await door.connect();
    client.ask({ ...Here, path, fields: origin === undefined ? [] : [["Origin", origin]] });
    return (await client.response()).status;
  };
  expectSame(await statusOf("/nowhere"), 404);
  expectSame(await statusOf("/refusing"), 403);
  expectSame(await statusOf("/gone"), 502);
  expectSame(await statusOf("/chat", "https://elsewhere.example"), 403);
  expectSame(await door.get("/refusing"), 200);
  await door.failToConnect();
  door.end();
}

async function talk(socket: WebSocketClient): Promise<void> {
  for (const text of ["one", "another", "x".repeat(10_000)]) {
    socket.text(text);
    expectSame(await socket.next(), `Text ${text}`);
  }
  socket.send(pingFrame(new Uint8Array()));
  expectSame(await socket.next(), "Pong");
  socket.close(1000);
  expectSame(await socket.next(), "Close 1000");
}

async function expectClose(socket: WebSocketClient, text: string, close: string): Promise<void> {
  socket.text(text);
  expectSame((await socket.next()).slice(0, close.length), close);
}

function expectSame(came: unknown, expected: unknown): void {
  if (came !== expected) throw new Error(`the load expected ${String(expected)}, but there was ${String(came)}`);
}
