import { describe, expect, test } from "vitest";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { serverFor, type ServerWay } from "../support/server-ways.ts";
import { setUp } from "../support/websocket-peer.ts";

/** Part of a value that no error may show. */
const Secret = "hunter2";

const messageOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "nothing failed";
};

describe("an error names the option and the value, and what is allowed", () => {
  test.each<{ options: WebSocketServerOptions; says: string }>([
    {
      options: { endpoints: [{ path: "/a" }, { path: "chat" }] },
      says: 'endpoints[1].path is "chat", not one that begins with a slash',
    },
    { options: { origins: ["example.com"] }, says: 'origins: "example.com" is none such as https://example.com' },
    { options: { hosts: ["a:80"] }, says: 'hosts: "a:80" is none such as example.com or *.example.com' },
    { options: { endpoints: [{ path: "/", hosts: ["a:80"] }] }, says: 'endpoints[0].hosts: "a:80" is none' },
    { options: { hosts: ["a:80"], endpoints: [{ path: "/" }] }, says: 'hosts: "a:80" is none' },
    { options: { subprotocols: ["a", "b c"] }, says: 'subprotocols: "b c" is no token' },
    { options: { fields: ["a b", Secret] }, says: 'fields: "a b" is no field name' },
    { options: { fields: ["a", "b", "cookie", `${Secret}\r\n`] }, says: 'fields: the value of "cookie" has' },
    { options: { fields: ["a", "b", "c"] }, says: "fields: a name without a value" },
  ])("of a server: $says", async ({ options, says }) => {
    const message = await messageOf(() => new WebSocketServer(options));
    expect(message.slice(0, says.length)).toBe(says);
    expect(message).not.toContain(Secret);
  });

  test.each<{ url?: string; options?: ConnectOptions; says: string }>([
    { options: { subprotocols: ["a", "b c"] }, says: 'subprotocols: "b c" is no token' },
    { options: { subprotocols: ["a", "b", "a"] }, says: 'subprotocols: "a" is there twice' },
    { options: { fields: ["authorization", `${Secret}\n`] }, says: 'fields: the value of "authorization" has' },
    { options: { origin: "a\n" }, says: 'origin: the value of "origin" has' },
    { options: { origin: "https://a", fields: ["Origin", "https://b"] }, says: 'fields: a second "origin"' },
    { options: { proxy: "http://a", socketPath: "/b" }, says: "proxy: none reaches a unix socket" },
    { options: { proxy: `socks5://user:${Secret}@a` }, says: "proxy has the scheme socks5: and none of http: https:" },
    { url: "wss://localhost:1/", options: { tls: { ca: "" } }, says: "tls.ca is empty, and no PEM" },
    { url: "wss://localhost:1/", options: { tls: { cert: "-" } }, says: "tls.key is missing: a certificate" },
    { url: "wss://localhost:1/", options: { tls: { key: "-" } }, says: "tls.cert is missing: a certificate" },
    {
      options: { proxy: "https://a", proxyTls: { ca: Buffer.alloc(0) } },
      says: "proxyTls.ca is empty, and no PEM",
    },
    { url: `/chat?token=${Secret}`, says: "url is no absolute URL" },
    { url: `ftp://user:${Secret}@a/`, says: "url has the scheme ftp: and none of ws: http: wss: https:" },
    { url: `ws://user:${Secret}%00@a/`, says: "url has a user or a password that cannot be sent" },
    { url: `ws://a/?${Secret}#b`, says: "url has a fragment" },
    { url: `ws://user:${Secret}@a!b/`, says: 'url has the host "a!b", which is none' },
  ])("of a client: $says", async ({ url = "ws://localhost:1/", options, says }) => {
    const message = await messageOf(() => new WebSocketClient().connect(url, options));
    expect(message.slice(0, says.length)).toBe(says);
    expect(message).not.toContain(Secret);
  });

  test.each([
    { act: () => new WebSocket(`ftp://a/?${Secret}`), says: "url has the scheme ftp:" },
    { act: () => new WebSocket("ws://localhost:1/", "b c"), says: 'subprotocol "b c" is no token' },
    { act: () => new WebSocket("ws://localhost:1/", ["b", "B"]), says: "a subprotocol is there twice: b, B" },
    { act: () => new WebSocket("ws://localhost:1/").close(999), says: "code is 999, not 1000 or 3000 to 4999" },
    { act: () => new WebSocket("ws://localhost:1/").close(1000, "x".repeat(124)), says: "reason has 124 bytes" },
  ])("of a browser's WebSocket: $says", async ({ act, says }) => {
    expect((await messageOf(act)).slice(0, says.length)).toBe(says);
  });

  test("of what is sent, and of who takes it", async () => {
    const { connection } = setUp();
    // As JavaScript may call it.
    const wrong: Record<string, unknown> = { message: new Set([Secret]), type: "blob" };
    expect(await messageOf(() => Reflect.apply(connection.send, connection, [wrong["message"]]))).toBe(
      "a message is a string or a Uint8Array, and not [Set]",
    );
    expect(await messageOf(() => Reflect.apply(connection.sendStream, connection, [wrong["type"]]))).toBe(
      `type is 'blob', not "text" or "binary"`,
    );
    expect(await messageOf(() => connection.receive())).toContain("the handler takes all");
  });
});

describe.each<ServerWay>([
  { way: "HTTP/1.1", httpVersion: "1.1", kind: undefined },
  { way: "HTTP/2", httpVersion: "2", kind: undefined },
])("over $way what authorize gives wrong is 500, and onError is told what it was:", (way) => {
  test.each([
    { gives: { type: "reject", status: 200 }, says: "authorize: status is 200, not a whole number from 300 to 599" },
    { gives: { type: "reject" }, says: "authorize: status is NaN, not a whole number from 300 to 599" },
    {
      gives: { type: "reject", status: 503, retryAfterSeconds: NaN },
      says: "authorize: retryAfterSeconds is NaN, not a whole number from 0 on",
    },
    {
      gives: { type: "accept", data: 1, fields: ["set-cookie", `${Secret}\r`] },
      says: 'fields of authorize: the value of "set-cookie" has outer whitespace',
    },
    { gives: { type: "accept", data: 1, subprotocol: "mine" }, says: 'subprotocol "mine" was chosen' },
    { gives: { type: "yes", secret: Secret }, says: "authorize gave another object, neither" },
    { gives: false, says: "authorize gave false, neither" },
  ])("$says", async ({ gives, says }) => {
    // As JavaScript may give it.
    const options: object = { handler: {}, authorize: () => gives };
    const { client, errors } = await serverFor(way, options);
    const one = await client();
    one.ask();
    expect((await one.response()).status).toBe(500);
    expect(String(errors[0])).toMatch(/^(Type|Range)Error: /);
    expect(
      String(errors[0])
        .replace(/^\w+: /, "")
        .slice(0, says.length),
    ).toBe(says);
    expect(String(errors[0])).not.toContain(Secret);
  });
});
