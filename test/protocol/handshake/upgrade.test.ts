import { describe, expect, test } from "vitest";
import type { FieldLines } from "../../../src/protocol/handshake/opening-request.ts";
import {
  acceptKey,
  checkUpgradeResponse,
  createUpgradeKey,
  encodeUpgradeAnswer,
  encodeUpgradeRequest,
  parseUpgrade,
  withoutHandshakeFields,
  type UpgradeHead,
} from "../../../src/protocol/handshake/upgrade.ts";

const Key = "dGhlIHNhbXBsZSBub25jZQ==";
const Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The example of RFC 6455 §1.2; a change of `undefined` takes the field out, one of a list repeats it. */
function head(
  changes: Record<string, string | string[] | undefined> = {},
  rest: Partial<UpgradeHead> = {},
): UpgradeHead {
  const fields: Record<string, string | string[] | undefined> = {
    Host: "server.example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": Key,
    "Sec-WebSocket-Version": "13",
    ...changes,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]));
  return { method: "GET", httpVersion: "1.1", target: "/chat?a=b", secure: false, ...rest, fields: lines };
}

describe("parseUpgrade", () => {
  test("reads the client's half into one shape, with field names in lower case", () => {
    const offers = { "Sec-WebSocket-Protocol": ["chat", "superchat, v2"], "Sec-WebSocket-Extensions": ["a; b=1", "c"] };
    expect(parseUpgrade(head(offers, { secure: true }))).toEqual({
      type: "opening",
      key: Key,
      request: {
        httpVersion: "1.1",
        scheme: "https",
        authority: "server.example.com",
        path: "/chat?a=b",
        subprotocols: ["chat", "superchat", "v2"],
        extensions: "a; b=1, c",
        fields: [
          ...["host", "server.example.com", "upgrade", "websocket", "connection", "Upgrade"],
          ...["sec-websocket-key", Key, "sec-websocket-version", "13"],
          ...["sec-websocket-protocol", "chat", "sec-websocket-protocol", "superchat, v2"],
          ...["sec-websocket-extensions", "a; b=1", "sec-websocket-extensions", "c"],
        ],
      },
    });
  });

  test.each([
    { name: "Upgrade in another case", fields: { Upgrade: "WebSocket" } },
    { name: "Upgrade as a list", fields: { Upgrade: "h2c, websocket" } },
    { name: "Upgrade on two lines", fields: { Upgrade: ["h2c", "websocket"] } },
    { name: "Connection as a list", fields: { Connection: "keep-alive, UPGRADE" } },
    { name: "content-length of zero", fields: { "Content-Length": "0" } },
    { name: "a host with a port", fields: { Host: "localhost:8080" } },
    { name: "an IPv6 host", fields: { Host: "[::1]:8080" } },
    { name: "no extension in the list", fields: { "Sec-WebSocket-Extensions": "," } },
    { name: "bytes beyond ASCII in a value", fields: { "X-Name": "J\xfcrgen" } },
    { name: "a later HTTP/1", rest: { httpVersion: "1.2" } },
  ])("takes $name", ({ fields, rest }) => {
    expect(parseUpgrade(head(fields, rest))).toMatchObject({ type: "opening", request: { extensions: "" } });
  });

  test.each([
    //                                                                       what changes
    { refusal: "not-websocket", status: 501, name: "h2c", fields: { Upgrade: "h2c" } },
    { refusal: "not-websocket", status: 501, name: "websocket with a version", fields: { Upgrade: "websocket/13" } },
    { refusal: "not-websocket", status: 501, name: "no Upgrade", fields: { Upgrade: undefined } },
    { refusal: "malformed", status: 405, name: "POST", rest: { method: "POST" } },
    { refusal: "malformed", status: 405, name: "get", rest: { method: "get" } },
    { refusal: "malformed", status: 400, name: "HTTP/1.0", rest: { httpVersion: "1.0" } },
    { refusal: "malformed", status: 400, name: "HTTP/2.0", rest: { httpVersion: "2.0" } },
    { refusal: "malformed", status: 400, name: "absolute-form", rest: { target: "http://a.example/chat" } },
    { refusal: "malformed", status: 400, name: "authority-form", rest: { target: "a.example:80" } },
    { refusal: "malformed", status: 400, name: "asterisk-form", rest: { target: "*" } },
    { refusal: "malformed", status: 400, name: "an empty target", rest: { target: "" } },
    { refusal: "malformed", status: 400, name: "a fragment", rest: { target: "/chat#top" } },
    { refusal: "malformed", status: 400, name: "a space in the target", rest: { target: "/a b" } },
    { refusal: "malformed", status: 400, name: "a byte beyond ASCII in the target", rest: { target: "/\xe4" } },
    { refusal: "malformed", status: 400, name: "no Host", fields: { Host: undefined } },
    { refusal: "malformed", status: 400, name: "an empty Host", fields: { Host: "" } },
    { refusal: "malformed", status: 400, name: "two Hosts", fields: { Host: ["a.example", "a.example"] } },
    { refusal: "malformed", status: 400, name: "a Host with userinfo", fields: { Host: "me@a.example" } },
    { refusal: "malformed", status: 400, name: "a Host with a path", fields: { Host: "a.example/b" } },
    { refusal: "malformed", status: 400, name: "two names in Host", fields: { Host: "a.example,b.example" } },
    { refusal: "malformed", status: 400, name: "no Connection", fields: { Connection: undefined } },
    { refusal: "malformed", status: 400, name: "keep-alive", fields: { Connection: "keep-alive" } },
    { refusal: "malformed", status: 400, name: "a body by length", fields: { "Content-Length": "5" } },
    { refusal: "malformed", status: 400, name: "two lengths", fields: { "Content-Length": ["0", "5"] } },
    { refusal: "malformed", status: 400, name: "a body in chunks", fields: { "Transfer-Encoding": "chunked" } },
    { refusal: "malformed", status: 400, name: "a space in a name", fields: { "X Name": "a" } },
    { refusal: "malformed", status: 400, name: "an empty name", fields: { "": "a" } },
    { refusal: "malformed", status: 400, name: "a line feed in a value", fields: { "X-Name": "a\nb: c" } },
    { refusal: "malformed", status: 400, name: "a NUL in a value", fields: { "X-Name": "a\0" } },
    { refusal: "version", status: 426, name: "no version", fields: { "Sec-WebSocket-Version": undefined } },
    { refusal: "version", status: 426, name: "version 8", fields: { "Sec-WebSocket-Version": "8" } },
    { refusal: "version", status: 426, name: "version 13abc", fields: { "Sec-WebSocket-Version": "13abc" } },
    { refusal: "version", status: 426, name: "version 013", fields: { "Sec-WebSocket-Version": "013" } },
    { refusal: "version", status: 426, name: "two versions", fields: { "Sec-WebSocket-Version": ["13", "13"] } },
    { refusal: "malformed", status: 400, name: "no key", fields: { "Sec-WebSocket-Key": undefined } },
    { refusal: "malformed", status: 400, name: "two keys", fields: { "Sec-WebSocket-Key": [Key, Key] } },
    {
      refusal: "malformed",
      status: 400,
      name: "15 bytes of key",
      fields: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" },
    },
    {
      refusal: "malformed",
      status: 400,
      name: "17 bytes of key",
      fields: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA=" },
    },
    {
      refusal: "malformed",
      status: 400,
      name: "a key in base64url",
      fields: { "Sec-WebSocket-Key": "__________________-_-Q==" },
    },
    {
      refusal: "malformed",
      status: 400,
      name: "a subprotocol twice",
      fields: { "Sec-WebSocket-Protocol": ["a", "b, a"] },
    },
    { refusal: "malformed", status: 400, name: "no token in it", fields: { "Sec-WebSocket-Protocol": "a b" } },
    { refusal: "malformed", status: 400, name: "no extension name", fields: { "Sec-WebSocket-Extensions": "; a=1" } },
  ])("refuses $name with $status", ({ refusal, status, fields, rest }) => {
    expect(parseUpgrade(head(fields, rest))).toMatchObject({ type: "refused", refusal, rejection: { status } });
  });

  test("tells the version it speaks", () => {
    const { rejection } = parseUpgrade(head({ "Sec-WebSocket-Version": "14" })) as {
      rejection: { fields: FieldLines };
    };
    expect(rejection.fields).toEqual([
      ...["content-type", "text/plain; charset=utf-8"],
      ...["upgrade", "websocket", "sec-websocket-version", "13"],
    ]);
  });
});

test("a key is answered as in RFC 6455 §1.3", () => {
  expect(acceptKey(Key)).toBe(Accept);
});

test("a key is 16 bytes in base64, another one each time", () => {
  const keys = [createUpgradeKey(), createUpgradeKey()];
  expect(keys.map((key) => Buffer.from(key, "base64").length)).toEqual([16, 16]);
  expect(new Set(keys).size).toBe(2);
});

describe("encodeUpgradeAnswer", () => {
  test("writes the 101 with what was agreed and without what belongs to the handshake or the hop", () => {
    const fields = [
      "set-cookie",
      "a=1",
      "set-cookie",
      "b=2",
      "connection",
      "x-hop",
      "x-hop",
      "1",
      "content-length",
      "5",
    ];
    const answer = { subprotocol: "chat", extensions: "permessage-deflate", fields };
    expect(encodeUpgradeAnswer(Key, answer)).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${Accept}\r\nSec-WebSocket-Protocol: chat\r\n` +
        "Sec-WebSocket-Extensions: permessage-deflate\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n",
    );
  });

  test.each([
    { name: "a value", answer: { fields: ["x-name", "a\r\nset-cookie: b=1"] } },
    { name: "a value whose latin1 is a line feed", answer: { fields: ["x-name", "a\u010a"] } },
    { name: "a name", answer: { fields: ["x-name: a\r\nx-other", "b"] } },
    { name: "a subprotocol", answer: { subprotocol: "chat\r\nx: y" } },
    { name: "the extensions", answer: { extensions: "a\nb" } },
  ])("throws rather than let $name inject a line", ({ answer }) => {
    expect(() => encodeUpgradeAnswer(Key, answer)).toThrow(TypeError);
  });
});

describe("encodeUpgradeRequest", () => {
  const request = {
    authority: "backend.example:9000",
    path: "/chat?a=b",
    key: Key,
    subprotocols: ["chat", "superchat"],
    extensions: "permessage-deflate; client_max_window_bits",
    fields: [
      "origin",
      "https://a.example",
      "cookie",
      "a=1",
      "host",
      "evil",
      "sec-websocket-key",
      "x",
      "upgrade",
      "h2c",
    ],
  };

  test("is an Upgrade that parseUpgrade reads back", () => {
    const [requestLine, ...lines] = encodeUpgradeRequest(request).slice(0, -4).split("\r\n");
    const fields = lines.flatMap((line) => line.split(": "));
    expect(requestLine).toBe("GET /chat?a=b HTTP/1.1");
    expect(parseUpgrade(head({}, {})).type).toBe("opening");
    const parsed = parseUpgrade({ method: "GET", httpVersion: "1.1", target: "/chat?a=b", fields, secure: false });
    const { authority, path, subprotocols, extensions } = request;
    expect(parsed).toMatchObject({ type: "opening", key: Key, request: { authority, path, subprotocols, extensions } });
    expect(fields.slice(-4)).toEqual(["origin", "https://a.example", "cookie", "a=1"]);
  });

  test.each([
    { name: "a path", change: { path: "/a HTTP/1.1\r\nx: y" } },
    { name: "a path that is none", change: { path: "chat" } },
    { name: "an authority", change: { authority: "a\r\nx: y" } },
    { name: "a subprotocol", change: { subprotocols: ["a\r\nx: y"] } },
    { name: "a value", change: { fields: ["x", "a\rb"] } },
  ])("throws rather than let $name inject a line", ({ change }) => {
    expect(() => encodeUpgradeRequest({ ...request, ...change })).toThrow(TypeError);
  });
});

describe("checkUpgradeResponse", () => {
  const sent = {
    key: Key,
    subprotocols: ["chat", "superchat"],
    extensions: "permessage-deflate; client_max_window_bits, x",
  };
  const good = ["upgrade", "WebSocket", "connection", "keep-alive, Upgrade", "sec-websocket-accept", Accept];

  test("takes what was offered and keeps what is meant for the client", () => {
    const fields = [
      "sec-websocket-protocol",
      "superchat",
      "sec-websocket-extensions",
      "permessage-deflate",
      "set-cookie",
      "a",
    ];
    expect(checkUpgradeResponse([...good, ...fields], sent)).toEqual({
      type: "accepted",
      subprotocol: "superchat",
      extensions: "permessage-deflate",
      fields: ["set-cookie", "a"],
    });
  });

  test("takes an answer that chooses nothing", () => {
    const accepted = { type: "accepted", subprotocol: undefined, extensions: undefined, fields: [] };
    expect(checkUpgradeResponse(good, sent)).toEqual(accepted);
  });

  test("takes a list of extensions that has none for what it is", () => {
    expect(checkUpgradeResponse([...good, "sec-websocket-extensions", ","], sent)).toMatchObject({
      extensions: undefined,
    });
  });

  test("leaves the extensions to who judges them", () => {
    const fields = [...good, "sec-websocket-extensions", "y, y;"];
    const answer = checkUpgradeResponse(fields, { ...sent, extensions: undefined });
    expect(answer).toMatchObject({ type: "accepted", extensions: "y, y;" });
  });

  test.each([
    { name: "no Upgrade", fields: good.slice(2) },
    { name: "another protocol", fields: ["upgrade", "h2c", ...good.slice(2)] },
    { name: "two protocols", fields: ["upgrade", "websocket, h2c", ...good.slice(2)] },
    { name: "no Connection", fields: [...good.slice(0, 2), ...good.slice(4)] },
    { name: "Connection without upgrade", fields: ["upgrade", "websocket", "connection", "close", ...good.slice(4)] },
    { name: "no accept key", fields: good.slice(0, 4) },
    { name: "a wrong accept key", fields: [...good.slice(0, 4), "sec-websocket-accept", acceptKey("x")] },
    { name: "the accept key twice", fields: [...good, "sec-websocket-accept", Accept] },
    { name: "Content-Length", fields: [...good, "content-length", "0"] },
    { name: "Transfer-Encoding", fields: [...good, "transfer-encoding", "chunked"] },
    { name: "a subprotocol not offered", fields: [...good, "sec-websocket-protocol", "Chat"] },
    { name: "two subprotocols", fields: [...good, "sec-websocket-protocol", "chat", "sec-websocket-protocol", "chat"] },
    { name: "an empty subprotocol", fields: [...good, "sec-websocket-protocol", ""] },
    { name: "an extension not offered", fields: [...good, "sec-websocket-extensions", "y"] },
    { name: "an extension twice", fields: [...good, "sec-websocket-extensions", "x, x"] },
    { name: "extensions out of grammar", fields: [...good, "sec-websocket-extensions", "x;"] },
  ])("refuses $name", ({ fields }) => {
    expect(checkUpgradeResponse(fields, sent).type).toBe("invalid");
  });
});

test("what each leg's handshake says for itself does not travel on", () => {
  const fields = ["host", "a", "sec-websocket-version", "13", "content-length", "0", "te", "trailers", "origin", "b"];
  fields.push("http2-settings", "AAMAAABkAAQAAP__");
  expect(withoutHandshakeFields(fields)).toEqual(["origin", "b"]);
});
