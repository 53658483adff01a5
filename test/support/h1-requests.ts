import type { Socket } from "node:net";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { listenFor, readToEnd, type Access } from "./listening.ts";

/** Answers an exchange with its own path. */
export const echoPath = (exchange: HttpExchange) => exchange.respond({ status: 200, fields: [], body: exchange.path });

/** A request without a body. */
export function get(path: string, more: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, "Host: example.com", ...more, "", ""].join("\r\n");
}

/** Sends `bytes` on a new connection and reads until the listener ends it. */
export async function lastWords(access: Access, bytes: string | Uint8Array) {
  const listening = await listenFor(access);
  listening.onExchange = echoPath;
  const socket = await listening.connect();
  const words = readToEnd(socket);
  socket.write(bytes);
  const text = await words;
  socket.end();
  await listening.untilNoConnections();
  return { text, listening };
}

/** The same as `lastWords`, with a listener whose exchanges nobody answers. */
export async function lastWordsUnanswered(
  access: Access,
  bytes: string,
  then: (socket: Socket) => void = () => undefined,
) {
  const listening = await listenFor(access);
  const socket = await listening.connect();
  const words = readToEnd(socket);
  socket.write(bytes);
  await listening.nextExchange();
  then(socket);
  const text = await words;
  socket.end();
  await listening.untilNoConnections();
  return { text, listening };
}
