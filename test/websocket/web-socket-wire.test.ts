import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { HandledConnection } from "../../src/websocket/handler.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { Authorization } from "../../src/websocket/server-options.ts";
import { WebSocket, type WebSocketOptions } from "../../src/websocket/web-socket.ts";
import { testCertificate } from "../support/certificates.ts";
import { told } from "../support/memory-opener.ts";

// Behaviours of the Web Platform Tests in our own words, with their files beside them, named from websockets/ on; where they
// have none, the rule of the standard. No files here: what belongs to a page, such as cookies, blocked ports and unloading.

const Accepted: Authorization<unknown> = { type: "accept", data: undefined };

/** Closes with what a message says: a code, a space, a reason. */
const closer = {
  onMessage(connection: HandledConnection, message: string | Uint8Array): void {
    const [code, reason] = String(message).split(" ");
    void connection.close(Number(code), reason);
  },
};

describe.each([
  { protocol: "h1", httpVersion: "1.1" },
  { protocol: "h2", httpVersion: "2" },
] as const)("over $protocol", ({ protocol, httpVersion }) => {
  const client = new WebSocketClient();
  const waiting: AbortSignal[] = [];
  let server: WebSocketServer;
  let url: string;
  let options: WebSocketOptions;

  beforeAll(async () => {
    const { certificate, key } = await testCertificate();
    server = new WebSocketServer({
      tls: { certificate, key },
      subprotocols: ["chat"],
      extensions: [new PermessageDeflateNegotiator()],
      handler: { onMessage: (connection, message) => connection.send(message) },
      endpoints: [
        { path: "/closer", handler: closer },
        { path: "/refused", authorize: () => ({ type: "reject", status: 403 }) },
        {
          path: "/slow",
          async authorize(_, { signal }) {
            waiting.push(signal);
            await once(signal, "abort");
            return Accepted;
          },
        },
      ],
    });
    url = `wss://127.0.0.1:${(await server.listen({ host: "127.0.0.1" })).port}`;
    options = { client, protocol, tls: { ca: certificate } };
  });

  afterAll(async () => {
    await client.close();
    await server?.close({ drainMs: 0 });
  });

  const make = (path: string, protocols: string[] = []): { socket: WebSocket; events: Event[] } => {
    const socket = new WebSocket(url + path, protocols, options);
    const events: Event[] = [];
    for (const type of ["open", "message", "error", "close"]) socket.addEventListener(type, (it) => events.push(it));
    return { socket, events };
  };
  const open = async (path: string, protocols?: string[]): Promise<{ socket: WebSocket; events: Event[] }> => {
    const made = make(path, protocols);
    await new Promise((resolve, reject) => {
      made.socket.addEventListener("open", resolve);
      made.socket.addEventListener("error", ({ error }) => reject(error as Error));
    });
    return made;
  };

  test("it opens with a subprotocol and permessage-deflate (Create-Secure-valid-url-protocol-string.any.js)", async () => {
    const { socket } = await open("/echo?query", ["other", "chat"]);
    expect(socket).toMatchObject({ protocol: "chat", extensions: "permessage-deflate", url: `${url}/echo?query` });
    const [connection] = server.connections;
    expect(connection?.request).toMatchObject({ httpVersion, path: "/echo?query", subprotocols: ["other", "chat"] });
    socket.close();
    await once(socket, "close");
  });

  test.each([0, 125, 126, 65_535, 65_536, 1_000_000])(
    "%i bytes come back, as text, bytes and Blob (extended-payload-length.any.js, Send-65K-data.any.js)",
    async (length) => {
      const { socket, events } = await open("/echo");
      const text = "a".repeat(length);
      socket.send(text);
      socket.send(new Blob([text]));
      socket.send(new TextEncoder().encode(text));
      await expect.poll(() => events.length).toBe(4);
      const [first, ...others] = events.slice(1).map((event) => (event as MessageEvent).data as unknown);
      expect(first === text).toBe(true);
      for (const data of others) expect((await (data as Blob).text()) === text).toBe(true);
      socket.close();
      await once(socket, "close");
    },
  );

  test("25 at once each open, have their message back and close (constructor/013.html)", async () => {
    const made = Array.from({ length: 25 }, (_, id) => {
      const { socket, events } = make("/echo");
      socket.addEventListener("open", () => socket.send(`${id}`));
      socket.addEventListener("message", () => socket.close());
      return { id, socket, events };
    });
    await Promise.all(made.map(({ socket }) => once(socket, "close")));
    for (const { id, events } of made) expect(told(events)).toEqual(["open", `message ${id}`, "close 1005 clean"]);
  });

  test.each([
    { close: [], tells: "close 1005 clean", wpt: "Secure-Close-1005-verify-code.any.js" },
    { close: [1000], tells: "close 1000 clean", wpt: "Secure-Close-1000-verify-code.any.js" },
    { close: [4999, "reason"], tells: "close 4999 clean", wpt: "Secure-Close-4999-reason.any.js" },
  ])("close($close) is answered by the server ($wpt)", async ({ close, tells }) => {
    const { socket, events } = await open("/echo");
    socket.close(...(close as [number?, string?]));
    await once(socket, "close");
    expect(told(events)).toEqual(["open", tells]);
  });

  test.each([
    { code: 1000, reason: "done", wpt: "Secure-Close-server-initiated-close.any.js" },
    { code: 1011, reason: "€", wpt: "WebSockets Standard §4" },
  ])("it tells of the server's Close $code ($wpt)", async ({ code, reason }) => {
    const { socket, events } = await open("/closer");
    socket.send(`${code} ${reason}`);
    await once(socket, "close");
    expect(told(events)).toEqual(["open", `close ${code} ${reason} clean`]);
  });

  test("it fails where the server refuses", async () => {
    const { socket, events } = make("/refused");
    await once(socket, "close");
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    expect(events[0]).toMatchObject({ error: { code: "WS_OPENING_REFUSED", response: { status: 403 } } });
  });

  test("it fails where the certificate is not trusted", async () => {
    const socket = new WebSocket(`${url}/echo`, [], { protocol });
    const events: Event[] = [];
    for (const type of ["open", "error", "close"]) socket.addEventListener(type, (event) => events.push(event));
    await once(socket, "close");
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    expect(events[0]).toMatchObject({ error: { code: "WS_TLS_FAILED" } });
  });

  test("close gives the opening up, and the server is told (interfaces/WebSocket/close/close-connecting.html)", async () => {
    const { socket, events } = make("/slow");
    await expect.poll(() => waiting.length).toBe(1);
    socket.close();
    await once(socket, "close");
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    await expect.poll(() => waiting[0]?.aborted).toBe(true);
  });
});

test("without a client of its own it opens by itself, and fails where nobody is (interfaces/WebSocket/events/020.html)", async () => {
  await using server = new WebSocketServer({ handler: closer });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const socket = new WebSocket(`http://127.0.0.1:${port}/`);
  socket.addEventListener("open", () => socket.send("1000 bye"));
  const [close] = await once(socket, "close");
  expect(close).toMatchObject({ code: 1000, reason: "bye", wasClean: true });
  await server.close();
  const late = new WebSocket(`http://127.0.0.1:${port}/`);
  const errors: unknown[] = [];
  late.addEventListener("error", ({ error }) => errors.push(error));
  await once(late, "close");
  expect(errors).toMatchObject([{ code: "WS_UNREACHABLE" }]);
});
