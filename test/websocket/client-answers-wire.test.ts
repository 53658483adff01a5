import { describe, expect, test, vi } from "vitest";
import { CloseCode } from "../../src/protocol/close-code.ts";
import { tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { parseClosePayload } from "../../src/protocol/frame/frame.ts";
import type { ExtensionNegotiator } from "../../src/protocol/message/extension.ts";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { answeringServer, ClientVersions, type ServerAnswer } from "../support/answering-server.ts";
import { clientFor, failureOf } from "../support/client-under-test.ts";

/** An extension that the WebSocket is worth nothing without. */
const Needed: ExtensionNegotiator = {
  ...{ name: "needed", required: true, offers: () => [[]], accept: () => undefined },
  confirm: () => ({ name: "needed", rsv: 0, encode: (frame) => frame, decode: (frame) => frame }),
};

describe.each(ClientVersions)("over $protocol a client", (version) => {
  const { protocol, httpVersion } = version;

  test("offers its subprotocols and extensions, with the fields it is given, and takes what is selected", async () => {
    const server = await answeringServer(version, () => ({
      fields: ["sec-websocket-protocol", "superchat", "sec-websocket-extensions", "permessage-deflate"],
    }));
    const connection = await clientFor({ protocol }).connect(`${server.url}/chat?room=1`, {
      subprotocols: ["chat", "superchat"],
      extensions: [new PermessageDeflateNegotiator()],
      fields: ["X-Own", "1", "Cookie", "a=1; b=2"],
      origin: "https://a.example",
    });
    expect(connection.subprotocol).toBe("superchat");
    expect(connection.extensions).toEqual(["permessage-deflate"]);
    const { path, fields } = server.asked[0]!;
    expect(path).toBe("/chat?room=1");
    expect(fields).toMatchObject({
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "chat, superchat",
      "sec-websocket-extensions": expect.stringMatching(/^permessage-deflate/) as string,
      "x-own": "1",
      cookie: "a=1; b=2",
      origin: "https://a.example",
    });
  });

  test("knows afterwards what it has asked, and of whom", async () => {
    const server = await answeringServer(version, () => ({}));
    const fields = [
      "X-Own",
      "1",
      "cookie",
      "a=1",
      "Connection",
      "X-Hop",
      "X-Hop",
      "1",
      "Content-Length",
      "5",
      "Host",
      "b",
    ];
    const { request } = await clientFor({ protocol }).connect(`${server.url}/chat?room=1`, {
      subprotocols: ["chat"],
      fields,
    });
    const port = Number(new URL(server.url).port);
    expect(request).toMatchObject({
      httpVersion,
      scheme: "http",
      authority: `127.0.0.1:${port}`,
      path: "/chat?room=1",
    });
    expect(request.url.href).toBe(`${server.url}/chat?room=1`);
    expect(request.peer).toEqual({ address: "127.0.0.1", port, tls: undefined });
    expect(request.cookies.get("a")).toBe("1");
    expect(request.fields).toEqual([
      ...["sec-websocket-version", "13", "sec-websocket-protocol", "chat"],
      ...["x-own", "1", "cookie", "a=1"],
    ]);
    expect(server.asked[0]?.fields["x-hop"]).toBeUndefined();
  });

  test.each([
    { where: "in the URL", userinfo: "user:p%40ss@", fields: [], sent: "Basic dXNlcjpwQHNz" },
    {
      where: "in a field, which goes first",
      userinfo: "user:p%40ss@",
      fields: ["Authorization", "Bearer x"],
      sent: "Bearer x",
    },
    { where: "nowhere", userinfo: "", fields: [], sent: undefined },
  ])("says who asks where that is told $where", async ({ userinfo, fields, sent }) => {
    const server = await answeringServer(version, () => ({}));
    await clientFor({ protocol }).connect(server.url.replace("ws://", `ws://${userinfo}`), { fields });
    expect(server.asked[0]?.fields["authorization"]).toBe(sent);
  });

  test("asks with the fields as they are, also where there are two of one kind", async () => {
    const server = await answeringServer(version, () => ({}));
    const { request } = await clientFor({ protocol }).connect(server.url, {
      fields: ["user-agent", "a", "user-agent", "b"],
    });
    expect(request.fields.filter((part) => part === "user-agent")).toHaveLength(2);
    expect(server.asked).toHaveLength(1);
  });

  test.each<{ what: string; answer: ServerAnswer }>([
    { what: "with nothing more", answer: {} },
    {
      what: "behind interim responses",
      answer: {
        interim: [
          ["link", "</a>"],
          ["link", "</b>"],
        ],
      },
    },
    { what: "with fields of its own", answer: { fields: ["set-cookie", "a=1", "set-cookie", "b=2"] } },
  ])("opens where the server accepts $what", async ({ answer }) => {
    const server = await answeringServer(version, () => answer);
    const connection = await clientFor({ protocol }).connect(server.url);
    expect(connection).toMatchObject({ state: "open", subprotocol: undefined, extensions: [] });
  });

  test.each<{ what: string; fields: string[]; detail: string }>([
    { what: "a subprotocol that is not on offer", fields: ["sec-websocket-protocol", "Chat"], detail: "not offered" },
    {
      what: "two subprotocols in a line",
      fields: ["sec-websocket-protocol", "chat, superchat"],
      detail: "not offered",
    },
    {
      what: "two subprotocols",
      fields: ["sec-websocket-protocol", "chat", "sec-websocket-protocol", "superchat"],
      detail: "two subprotocols",
    },
    { what: "more than 16 KiB", fields: ["a", "b".repeat(17_000)], detail: "16 KiB" },
    { what: "more than 100 fields", fields: "a,b,".repeat(101).split(",").slice(0, -1), detail: "100 fields" },
  ])("fails where the server accepts with $what", async ({ fields, detail }) => {
    const server = await answeringServer(version, () => ({ fields }));
    const opening = clientFor({ protocol }).connect(server.url, { subprotocols: ["chat", "superchat"] });
    const error = await failureOf(opening);
    expect(error).toMatchObject({ code: "WS_OPENING_INVALID", closeCode: 1006, origin: "peer" });
    expect(error.message).toContain(detail);
    await server.allClosed();
  });

  test("fails where interim responses have no end", async () => {
    const interim = Array.from({ length: 20 }, () => ["link", "a".repeat(1_000)]);
    const server = await answeringServer(version, () => ({ interim }));
    const error = await failureOf(clientFor({ protocol }).connect(server.url));
    expect(error).toMatchObject({ code: "WS_OPENING_INVALID" });
    await server.allClosed();
  });

  test.each([
    { what: "an extension that is not on offer", answered: "x-other", code: "WS_EXTENSION_NOT_OFFERED" },
    {
      what: "an extension twice",
      answered: "permessage-deflate, permessage-deflate",
      code: "WS_EXTENSION_NOT_OFFERED",
    },
    { what: "parameters that fit no offer", answered: "permessage-deflate; x=1", code: "WS_EXTENSION_UNACCEPTABLE" },
    { what: "no extension at all", answered: "permessage-deflate;;", code: "WS_EXTENSION_UNACCEPTABLE" },
  ])("fails where the server answers $what, and tells it so with 1010", async ({ answered, code }) => {
    const server = await answeringServer(version, () => ({ fields: ["sec-websocket-extensions", answered] }));
    const extensions = [new PermessageDeflateNegotiator()];
    const error = await failureOf(clientFor({ protocol }).connect(server.url, { extensions }));
    expect(error).toMatchObject({ code, closeCode: 1010 });
    await vi.waitFor(() => expect(closeCodeIn(server.asked[0]!.received())).toBe(CloseCode.MandatoryExtension));
    await server.allClosed();
  });

  test("fails where the server does without an extension that is needed, and tells it so with 1010", async () => {
    const server = await answeringServer(version, () => ({}));
    const error = await failureOf(clientFor({ protocol }).connect(server.url, { extensions: [Needed] }));
    expect(error).toMatchObject({ code: "WS_EXTENSION_MISSING", closeCode: 1010 });
    await vi.waitFor(() => expect(closeCodeIn(server.asked[0]!.received())).toBe(CloseCode.MandatoryExtension));
  });

  test.each([
    { status: 401, fields: ["www-authenticate", "Basic"], body: "who?" },
    { status: 403, fields: [], body: "" },
    { status: 404, fields: ["x-own", "1"], body: "nothing here" },
    { status: 426, fields: ["sec-websocket-version", "8"], body: "" },
    { status: 429, fields: ["retry-after", "9"], body: "slowly" },
    { status: 500, fields: [], body: "<h1>no</h1>" },
    { status: 503, fields: ["retry-after", "9"], body: "x".repeat(65_537) },
    { status: 300, fields: ["location", "/else"], body: "" },
  ])("is told $status with what is said to it", async ({ status, fields, body }) => {
    const server = await answeringServer(version, () => ({ status, fields, body }));
    const error = await failureOf(clientFor({ protocol }).connect(server.url));
    expect(error).toMatchObject({ code: "WS_OPENING_REFUSED", closeCode: 1006, response: { status } });
    expect(String(error.response?.body)).toBe(body.slice(0, 65_536));
    // node:http2 adds a Date of its own.
    expect(error.response?.fields.slice(0, fields.length)).toEqual(fields);
    await server.allClosed();
  });

  test("finds a server unreachable that ends before it has answered", async () => {
    const server = await answeringServer(version, () => "leave");
    const error = await failureOf(clientFor({ protocol }).connect(server.url));
    expect(error).toMatchObject({ code: "WS_UNREACHABLE", origin: "transport" });
    await server.allClosed();
  });
});

test("over h1 a success other than 101 is none", async () => {
  const server = await answeringServer({ protocol: "h1" }, () => ({ status: 200 }));
  expect(await failureOf(clientFor().connect(server.url))).toMatchObject({ code: "WS_OPENING_INVALID" });
});

test.each([
  { what: "the accept of another key", fields: ["Sec-WebSocket-Accept", "x"] },
  { what: "another protocol", fields: ["Upgrade", "h2c"] },
  { what: "a length", fields: ["Content-Length", "0"] },
])("over h1 a 101 with $what is none", async ({ fields }) => {
  const server = await answeringServer({ protocol: "h1" }, () => ({ fields }));
  expect(await failureOf(clientFor().connect(server.url))).toMatchObject({ code: "WS_OPENING_INVALID" });
});

test("over h2 a field with outer whitespace is none", async () => {
  const server = await answeringServer({ protocol: "h2" }, () => ({ fields: ["x-own", "a "] }));
  expect(await failureOf(clientFor({ protocol: "h2" }).connect(server.url))).toMatchObject({
    code: "WS_OPENING_INVALID",
  });
});

test("over h2 any success is one (RFC 9113 §8.5)", async () => {
  const server = await answeringServer({ protocol: "h2" }, () => ({ status: 201, goesOn: true }));
  expect((await clientFor({ protocol: "h2" }).connect(server.url)).state).toBe("open");
});

/** The code of the Close that is all a client has sent. */
function closeCodeIn(bytes: Uint8Array): number | undefined {
  const decoded = tryDecodeFrame(bytes);
  return decoded && parseClosePayload(decoded.frame.payload).code;
}
