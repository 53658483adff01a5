import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { constants, type ClientHttp2Session, type Http2ServerResponse, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { NodeServer } from "../../src/transport/attached-acceptor.ts";
import type { WebSocketHandler } from "../../src/websocket/handler.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { AttachOptions } from "../../src/websocket/server-call-options.ts";
import { readToEnd, upgradeRequest } from "../support/listening.ts";
import { nodeServer, type NodeServerKind, type OwnerAnswer, type ServerOfNode } from "../support/node-servers.ts";
import { connectH2Session, h1Client, h2Client, type OpeningClient } from "../support/opening-client.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

const naming = (name: string): WebSocketHandler => ({ onOpen: (connection) => connection.send(name) });
const owners: OwnerAnswer = (_request, response) => void response.end("the owner's");

/** Servers attached to one of `kind`: each says its name to who opens a WebSocket of it. */
async function attachedTo(
  kind: NodeServerKind,
  shares: Readonly<Record<string, AttachOptions>>,
  answer: OwnerAnswer | "nobody" = owners,
  prepare: (server: NodeServer) => void = () => undefined,
) {
  const errors: unknown[] = [];
  const servers: WebSocketServer[] = [];
  const node = await nodeServer(kind, answer === "nobody" ? undefined : answer, (made) => {
    for (const [name, options] of Object.entries(shares)) {
      const server = new WebSocketServer({ handler: naming(name), onError: (error) => void errors.push(error) });
      server.attach(made, options);
      servers.push(server);
    }
    prepare(made);
  });
  return { node, errors, servers };
}

const Ways: readonly { kind: NodeServerKind; httpVersion: "1.1" | "2" }[] = [
  { kind: "node:http", httpVersion: "1.1" },
  { kind: "node:https", httpVersion: "1.1" },
  { kind: "allowHTTP1", httpVersion: "1.1" },
  { kind: "node:http2", httpVersion: "2" },
  { kind: "node:http2 over TLS", httpVersion: "2" },
  { kind: "allowHTTP1", httpVersion: "2" },
];

describe.each(Ways)("attached to $kind, over HTTP/$httpVersion", ({ kind, httpVersion }) => {
  async function client(node: ServerOfNode): Promise<OpeningClient> {
    return httpVersion === "2" ? h2Client(await connectH2Session(node)) : h1Client(await node.connect());
  }

  async function statusOf(node: ServerOfNode, path: string): Promise<number> {
    const asking = await client(node);
    asking.ask({ path });
    return (await asking.response()).status;
  }

  async function nameAt(node: ServerOfNode, path: string): Promise<string> {
    return (await WebSocketClient.open(await client(node), { path })).next();
  }

  test("it takes the WebSockets, and the owner answers everything else", async () => {
    const { node } = await attachedTo(kind, { ours: {} });
    expect(await nameAt(node, "/")).toBe("Text ours");
    expect(await ownersAnswer(node, httpVersion)).toBe("the owner's");
  });

  test("several share a server by their paths, and one of them refuses what is none's", async () => {
    const shares = {
      chat: { path: "/chat" },
      rooms: { path: "/rooms/*" },
      odd: { path: (path: string) => path === "/o" },
    };
    const { node } = await attachedTo(kind, shares);
    expect([await nameAt(node, "/chat"), await nameAt(node, "/rooms/1"), await nameAt(node, "/o")]).toEqual([
      "Text chat",
      "Text rooms",
      "Text odd",
    ]);
    expect(await statusOf(node, "/other")).toBe(404);
  });

  test("what is none's is refused without a listener of the owner's too", async () => {
    const { node } = await attachedTo(kind, { chat: { path: "/chat" }, more: { path: "/more" } }, "nobody");
    expect(await statusOf(node, "/other")).toBe(404);
    expect(await nameAt(node, "/more")).toBe("Text more");
  });

  test("a path that throws takes nothing, and is told", async () => {
    const path = () => {
      throw new Error("the application's");
    };
    const { node, errors } = await attachedTo(kind, { broken: { path } });
    expect(await statusOf(node, "/")).toBe(404);
    expect(errors).toContainEqual(new Error("the application's"));
  });

  test("what is another listener's is left to it", async () => {
    const { node } = await attachedTo(kind, { chat: { path: "/chat" } }, owners, (server) => {
      if (httpVersion === "1.1") {
        server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
          if (request.url === "/theirs") socket.end("HTTP/1.1 418 Theirs\r\nContent-Length: 0\r\n\r\n");
        });
      } else {
        server.on("connect", (request: { url: string }, response: Http2ServerResponse) => {
          if (request.url === "/theirs") response.writeHead(418, { "content-length": 0 }).end();
        });
      }
    });
    expect(await statusOf(node, "/theirs")).toBe(418);
    expect(await nameAt(node, "/chat")).toBe("Text chat");
  });

  test("a server that has closed leaves its paths to the others", async () => {
    const { node, servers } = await attachedTo(kind, { one: { path: "/one" }, two: { path: "/two" } });
    await servers[0]!.close();
    expect(await statusOf(node, "/one")).toBe(404);
    expect(await nameAt(node, "/two")).toBe("Text two");
    expect(await ownersAnswer(node, httpVersion)).toBe("the owner's");
  });
});

describe.each<NodeServerKind>(["node:http", "node:https", "allowHTTP1"])("over HTTP/1.1 of %s", (kind) => {
  test("an Upgrade to another protocol is an ordinary request of the owner's, as without us", async () => {
    const { node } = await attachedTo(kind, { ours: {} });
    const socket = await node.connect();
    const words = readToEnd(socket);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n");
    expect(await words).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*the owner's/);
  });

  test("when we have gone, an Upgrade to websocket is that too", async () => {
    const { node, servers } = await attachedTo(kind, { one: {}, two: {} });
    // In the order in which they came, so that none can put back what was there before it.
    for (const server of servers) await server.close();
    const socket = await node.connect();
    const words = readToEnd(socket);
    socket.write(upgradeRequest("/", []).replace("Connection: Upgrade", "Connection: Upgrade, close"));
    expect(await words).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*the owner's/);
  });

  test("an Upgrade behind an unanswered request is refused when that has its answer", async () => {
    const answers: (() => void)[] = [];
    const { node } = await attachedTo(kind, { ours: {} }, (_request, response) => {
      answers.push(() => response.end("first"));
    });
    const socket = await node.connect();
    const words = readToEnd(socket);
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${upgradeRequest()}early bytes`);
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    answers[0]!();
    expect(await words).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*firstHTTP\/1\.1 400 Bad Request\r\n/);
  });

  test("an Upgrade on a connection that has served requests is taken", async () => {
    const { node } = await attachedTo(kind, { ours: {} });
    const socket = await node.connect();
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    expect(await (await WebSocketClient.open(h1Client(socket))).next()).toBe("Text ours");
  });
});

describe.each<NodeServerKind>(["node:http2", "allowHTTP1"])("over HTTP/2 of %s", (kind) => {
  test.each([
    { what: "a CONNECT to elsewhere", fields: { ":method": "CONNECT", ":authority": "a:80" } },
    {
      what: "a CONNECT for another protocol",
      fields: { ":method": "CONNECT", ":protocol": "udp", ":scheme": "https", ":path": "/", ":authority": "a" },
    },
  ])("$what is answered 501, with a 'request' listener and without", async ({ fields }) => {
    for (const answer of [owners, "nobody"] as const) {
      const { node } = await attachedTo(kind, { ours: {} }, answer);
      const stream = (await connectH2Session(node)).request(fields, { endStream: false });
      const [response] = (await once(stream, "response")) as [Record<string, unknown>];
      expect(response[":status"]).toBe(501);
    }
  });

  test("a 'stream' listener of the owner's goes on serving requests, and gets what we leave", async () => {
    const seen: string[] = [];
    const { node } = await attachedTo(kind, { chat: { path: "/chat" } }, "nobody", (server) => {
      server.on("stream", (stream: ServerHttp2Stream, fields: Record<string, string>) => {
        if (fields[":path"] === "/chat") return;
        seen.push(fields[":method"] ?? "");
        stream.respond({ ":status": 200, "content-length": 11 });
        stream.end("the owner's");
      });
    });
    const session = await connectH2Session(node);
    const chat = await WebSocketClient.open(h2Client(session), { path: "/chat" });
    expect(await chat.next()).toBe("Text chat");
    const other = h2Client(session);
    other.ask({ path: "/other" });
    expect((await other.response()).status).toBe(200);
    expect(await ownersAnswer(node, "2")).toBe("the owner's");
    expect(seen).toEqual(["CONNECT", "GET"]);
  });

  test("WebSockets that end leave the connection, and its requests, alone", async () => {
    const { node } = await attachedTo(kind, { ours: {} });
    const session = await connectH2Session(node);
    const first = await WebSocketClient.open(h2Client(session));
    first.sendRaw(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0));
    expect(await first.next()).toBe("Text ours");
    expect(await first.next()).toMatch(/^Close 1002/);
    const second = await WebSocketClient.open(h2Client(session));
    second.leave();
    expect(await (await WebSocketClient.open(h2Client(session))).next()).toBe("Text ours");
    expect(session.destroyed).toBe(false);
  });
});

/** The body of the answer to a GET. */
async function ownersAnswer(node: ServerOfNode, httpVersion: "1.1" | "2"): Promise<string> {
  if (httpVersion === "2") return bodyOverH2(await connectH2Session(node));
  const socket = await node.connect();
  const words = readToEnd(socket);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return (await words).split("\r\n\r\n")[1] ?? "";
}

async function bodyOverH2(session: ClientHttp2Session): Promise<string> {
  const stream = session.request({ ":path": "/" });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  return Buffer.concat(parts).toString();
}
