import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";

/** What `/gzip` says when it is unpacked. */
export const GzipText = "hawser ".repeat(10_000);
/** What `/gzip` sends. */
export const GzipBytes = gzipSync(GzipText);
/** What `/digits` is, of which ranges can be had. */
export const Digits = "0123456789";

/** A plain HTTP/1.1 server of node:http, with a path for each thing that HTTP can do. */
export interface HttpOrigin {
  /** `http://127.0.0.1:PORT`, as an upstream's address. */
  readonly url: string;
  /** Resolves when the client of the next `/endless` has left it. */
  left(): Promise<void>;
  stop(): Promise<void>;
}

const paths: Readonly<Record<string, RequestListener>> = {
  "/digits": (request, response) => {
    const [, from, to] = /^bytes=(\d)-(\d)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return void response.writeHead(200, { "content-length": Digits.length }).end(Digits);
    const part = Digits.slice(Number(from), Number(to) + 1);
    const fields = { "content-range": `bytes ${from}-${to}/${Digits.length}`, "content-length": part.length };
    return void response.writeHead(206, fields).end(part);
  },
  "/gzip": (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(GzipBytes),
  "/hints": (_, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
    response.end("hinted");
  },
  "/moved": (_, response) => void response.writeHead(302, { location: "/digits" }).end(),
  "/refused": (_, response) => void response.writeHead(413).end("too large"),
  "/same": async (request, response) => {
    response.writeHead(200);
    await pipeline(request, response);
  },
  "/sum": async (request, response) => {
    const hash = createHash("sha256");
    await pipeline(request, hash);
    response.end(hash.digest("hex"));
  },
  "/trailers": (_, response) => {
    response.writeHead(200, { trailer: "x-sum" }).write("summed");
    response.addTrailers({ "x-sum": "6" });
    response.end();
  },
};

/** Starts one on loopback. */
export async function startHttpOrigin(): Promise<HttpOrigin> {
  let onLeft: (() => void) | undefined;
  const server = createServer((request, response) => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (request.url === "/endless") {
      response.on("close", () => onLeft?.());
      response.writeHead(200).write("a part");
      return;
    }
    const listener = paths[request.url?.replace(/\?.*/, "") ?? ""];
    if (listener === undefined) response.writeHead(404).end();
    else listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    left: () => new Promise((resolve) => (onLeft = resolve)),
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
