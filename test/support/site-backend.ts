import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { SiteFile } from "./generated-site.ts";

/** A site on node:http, with an event stream, content that never ends, and a WebSocket that echoes. */
export interface SiteBackend {
  /** `http://127.0.0.1:PORT`, as an upstream's address. */
  readonly url: string;
  /** `Hawser-Stream` of each request and opening so far. */
  readonly streamFields: readonly string[];
  /** Sends an event to everybody who has the event stream. */
  tell(event: string): void;
  stop(): Promise<void>;
}

/** Starts one on loopback that has `files`, by name, below `base`, which ends with a slash. */
export async function startSiteBackend(base: string, files: ReadonlyMap<string, SiteFile>): Promise<SiteBackend> {
  const streamFields: string[] = [];
  const listeners = new Set<ServerResponse>();
  const etags = new Map([...files].map(([name, { content }]) => [name, etagOf(content)]));
  const server = createServer((request, response) => {
    streamFields.push(String(request.headers["hawser-stream"]));
    const name = request.url?.slice(base.length) || "index.html";
    if (name === "events") {
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: welcome\n\n");
      return;
    }
    const file = files.get(name);
    if (file !== undefined) sendFile(request, response, file, etags.get(name) ?? "");
    else if (name === "unfinished") response.writeHead(200).write("a part");
    else response.writeHead(404).end();
  });
  const sockets = new WebSocketServer({ server, path: `${base}socket`, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    streamFields.push(String(request.headers["hawser-stream"]));
    socket.on("error", () => undefined);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streamFields,
    tell(event) {
      for (const response of listeners) response.write(`data: ${event}\n\n`);
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function sendFile(request: IncomingMessage, response: ServerResponse, { type, content }: SiteFile, etag: string): void {
  const fields = { etag, "cache-control": "no-cache" };
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, fields).end();
  response.writeHead(200, { ...fields, "content-type": type, "content-length": content.length }).end(content);
}

function etagOf(content: Buffer): string {
  return `"${createHash("sha256").update(content).digest("base64url")}"`;
}
