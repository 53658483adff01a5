import { once } from "node:events";
import { connect as connectH2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { onTestFinished } from "vitest";
import type { GatewayProcess } from "./gateway-process.ts";
import type { HttpVersion } from "./live-echo.ts";
import { h1Client, h2Client } from "./opening-client.ts";
import { WebSocketClient } from "./websocket-client.ts";

/** A handler module whose WebSockets say in which process they are, at the beginning and whenever they are asked. */
export const SaysWhere = `
export function onOpen(connection) { connection.send(String(process.pid)); }
export function onMessage(connection) { connection.send(String(process.pid)); }`;

/** A WebSocket on a connection of its own, to a route of {@link SaysWhere}. */
export interface PlacedClient {
  readonly version: HttpVersion;
  /** The process that serves it. */
  readonly pid: number;
  /** Asks where it is, and resolves with what comes: a number as text, or a Close. */
  ask(): Promise<string>;
  /** What comes next without a question. */
  next(): Promise<string>;
  /** Answers a Close. */
  close(): void;
  /** Resolves when its connection is gone. */
  readonly gone: Promise<unknown>;
}

/** Opens one at the listener `main` of `gateway`, which is cleartext; it ends with the test. */
export async function openPlaced(gateway: GatewayProcess, version: HttpVersion, path: string): Promise<PlacedClient> {
  const port = Number(new URL(gateway.listeners.get("main") ?? "").port);
  const { client, gone } = await (version === "2" ? connect2(port) : connect1(port));
  const socket = await WebSocketClient.open(client, { path });
  const pid = Number((await socket.next()).replace("Text ", ""));
  return {
    version,
    pid,
    gone,
    next: () => socket.next(),
    close: () => socket.close(1_012),
    ask() {
      socket.text("?");
      return socket.next();
    },
  };
}

async function connect1(port: number) {
  const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return { client: h1Client(socket), gone: Promise.race([once(socket, "end"), once(socket, "close")]) };
}

async function connect2(port: number) {
  const session = connectH2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  return { client: h2Client(session), gone: once(session, "close") };
}
