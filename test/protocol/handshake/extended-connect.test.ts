import { describe, expect, test } from "vitest";
import {
  checkConnectResponse,
  connectAnswerFields,
  connectRequestFields,
  parseExtendedConnect,
} from "../../../src/protocol/handshake/extended-connect.ts";

/** What Chromium sends; a change of `undefined` takes a field out, one of a list repeats it. */
function connect(changes: Record<string, string | string[] | undefined> = {}): string[] {
  const fields: Record<string, string | string[] | undefined> = {
    ":method": "CONNECT",
    ":authority": "a.example:8443",
    ":scheme": "https",
    ":path": "/chat?a=b",
    ":protocol": "websocket",
    origin: "https://a.example:8443",
    "sec-websocket-version": "13",
    "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
    ...changes,
  };
  return Object.entries(fields).flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]));
}

describe("parseExtendedConnect", () => {
  test("reads the client's half into the shape of an Upgrade, without pseudo-fields", () => {
    expect(parseExtendedConnect(connect({ "sec-websocket-protocol": "chat, v2" }), true)).toEqual({
      type: "opening",
      request: {
        httpVersion: "2",
        scheme: "https",
        authority: "a.example:8443",
        path: "/chat?a=b",
        subprotocols: ["chat", "v2"],
        extensions: "permessage-deflate; client_max_window_bits",
        fields: [
          ...["origin", "https://a.example:8443", "sec-websocket-version", "13"],
          ...["sec-websocket-extensions", "permessage-deflate; client_max_window_bits"],
          ...["sec-websocket-protocol", "chat, v2"],
        ],
      },
    });
  });

  test("believes the connection about TLS, not the client", () => {
    expect(parseExtendedConnect(connect(), false)).toMatchObject({ request: { scheme: "http" } });
  });

  test("puts a split Cookie together again", () => {
    const parsed = parseExtendedConnect(connect({ cookie: ["a=1", "b=2; c=3"] }), true);
    const fields = parsed.type === "opening" ? parsed.request.fields : [];
    expect(fields.slice(-2)).toEqual(["cookie", "a=1; b=2; c=3"]);
    expect(fields.filter((one) => one === "cookie")).toHaveLength(1);
  });

  test.each([
    { name: "no version", fields: { "sec-websocket-version": undefined } },
    { name: "a Host equal to :authority but for case", fields: { host: "A.example:8443" } },
    { name: "a key, which says nothing here", fields: { "sec-websocket-key": "x" } },
    { name: "te", fields: { te: "trailers" } },
  ])("takes $name", ({ fields }) => {
    expect(parseExtendedConnect(connect(fields), true).type).toBe("opening");
  });

  test.each([
    { refusal: "not-websocket", status: 501, name: "a plain CONNECT", fields: { ":protocol": undefined } },
    { refusal: "not-websocket", status: 501, name: "connect-udp", fields: { ":protocol": "connect-udp" } },
    { refusal: "not-websocket", status: 501, name: "WebSocket", fields: { ":protocol": "WebSocket" } },
    { refusal: "malformed", status: 400, name: "GET", fields: { ":method": "GET" } },
    { refusal: "malformed", status: 400, name: "no :authority", fields: { ":authority": undefined } },
    { refusal: "malformed", status: 400, name: "an empty :authority", fields: { ":authority": "" } },
    { refusal: "malformed", status: 400, name: "userinfo", fields: { ":authority": "me@a.example" } },
    { refusal: "malformed", status: 400, name: "two :authority", fields: { ":authority": ["a", "a"] } },
    { refusal: "malformed", status: 400, name: "no :scheme", fields: { ":scheme": undefined } },
    { refusal: "malformed", status: 400, name: "an empty :scheme", fields: { ":scheme": "" } },
    { refusal: "malformed", status: 400, name: "no :path", fields: { ":path": undefined } },
    { refusal: "malformed", status: 400, name: "a :path without a slash", fields: { ":path": "chat" } },
    { refusal: "malformed", status: 400, name: "an asterisk", fields: { ":path": "*" } },
    { refusal: "malformed", status: 400, name: "a fragment", fields: { ":path": "/a#b" } },
    { refusal: "malformed", status: 400, name: "another Host", fields: { host: "b.example:8443" } },
    { refusal: "malformed", status: 400, name: "one good and one bad Host", fields: { host: ["a.example:8443", "b"] } },
    { refusal: "malformed", status: 400, name: "content-length 0", fields: { "content-length": "0" } },
    { refusal: "malformed", status: 400, name: "content-length 5", fields: { "content-length": "5" } },
    { refusal: "malformed", status: 400, name: "connection", fields: { connection: "close" } },
    { refusal: "malformed", status: 400, name: "upgrade", fields: { upgrade: "websocket" } },
    { refusal: "malformed", status: 400, name: "transfer-encoding", fields: { "transfer-encoding": "chunked" } },
    { refusal: "malformed", status: 400, name: "a bad value", fields: { "x-name": "a\nb" } },
    { refusal: "malformed", status: 400, name: "a bad name", fields: { "x name": "a" } },
    { refusal: "version", status: 400, name: "version 8", fields: { "sec-websocket-version": "8" } },
    { refusal: "version", status: 400, name: "a second version", fields: { "sec-websocket-version": ["13", "8"] } },
    { refusal: "malformed", status: 400, name: "a subprotocol twice", fields: { "sec-websocket-protocol": "a, a" } },
    { refusal: "malformed", status: 400, name: "broken extensions", fields: { "sec-websocket-extensions": "a=b" } },
  ])("refuses $name with $status", ({ refusal, status, fields }) => {
    expect(parseExtendedConnect(connect(fields), true)).toMatchObject({
      type: "refused",
      refusal,
      rejection: { status },
    });
  });

  test("tells the version it speaks, without the Upgrade field of 426", () => {
    expect(parseExtendedConnect(connect({ "sec-websocket-version": "14" }), true)).toMatchObject({
      rejection: { fields: ["content-type", "text/plain; charset=utf-8", "sec-websocket-version", "13"] },
    });
  });
});

describe("connectAnswerFields", () => {
  test("holds what was agreed and nothing of the hop or of HTTP/1.1's handshake", () => {
    const fields = ["set-cookie", "a=1", "upgrade", "websocket", "sec-websocket-accept", "x", "content-length", "0"];
    expect(connectAnswerFields({ subprotocol: "chat", extensions: "permessage-deflate", fields })).toEqual([
      ...["sec-websocket-protocol", "chat", "sec-websocket-extensions", "permessage-deflate", "set-cookie", "a=1"],
    ]);
  });

  test("is empty when nothing was agreed", () => {
    expect(connectAnswerFields({})).toEqual([]);
  });

  test.each([{ fields: ["x-name", "a\r\nb: c"] }, { fields: ["x name", "a"] }, { subprotocol: "a\n" }])(
    "throws for %j",
    (answer) => {
      expect(() => connectAnswerFields(answer)).toThrow(TypeError);
    },
  );
});

describe("connectRequestFields", () => {
  const request = {
    scheme: "https" as const,
    authority: "a.example:8443",
    path: "/chat?a=b",
    subprotocols: ["chat", "superchat"],
    extensions: "permessage-deflate",
    fields: ["Origin", "https://a.example", "cookie", "a=1"],
  };

  test("is an Extended CONNECT that parseExtendedConnect reads back", () => {
    const { fields, ...asked } = request;
    const parsed = parseExtendedConnect(connectRequestFields(request), true);
    expect(parsed).toMatchObject({ type: "opening", request: asked });
    expect(connectRequestFields(request).slice(-4)).toEqual(["origin", ...fields.slice(1)]);
  });

  test("has the pseudo-fields first, and nothing of the hop or of HTTP/1.1's handshake", () => {
    const fields = ["connection", "x-hop", "x-hop", "1", "host", "b", "sec-websocket-key", "x", "content-length", "0"];
    expect(connectRequestFields({ ...request, subprotocols: [], extensions: "", fields })).toEqual([
      ...[":method", "CONNECT", ":protocol", "websocket", ":scheme", "https"],
      ...[":authority", "a.example:8443", ":path", "/chat?a=b", "sec-websocket-version", "13"],
    ]);
  });

  test.each([
    { name: "a path that is none", change: { path: "chat" } },
    { name: "an authority that is none", change: { authority: "a b" } },
    { name: "a subprotocol that is no value", change: { subprotocols: ["a\r\nx: y"] } },
    { name: "extensions that are no value", change: { extensions: "a\nb" } },
    { name: "a value that is none", change: { fields: ["x", "a\rb"] } },
    { name: "a name that is none", change: { fields: [":path", "/else"] } },
  ])("throws for $name", ({ change }) => {
    expect(() => connectRequestFields({ ...request, ...change })).toThrow(TypeError);
  });
});

describe("checkConnectResponse", () => {
  const sent = { subprotocols: ["chat", "superchat"], extensions: "permessage-deflate, x" };

  test("takes what was offered and keeps what is meant for the client", () => {
    const fields = ["sec-websocket-protocol", "superchat", "sec-websocket-extensions", "x", "set-cookie", "a=1"];
    expect(checkConnectResponse([...fields, "content-length", "5"], sent)).toEqual({
      type: "accepted",
      subprotocol: "superchat",
      extensions: "x",
      fields: ["set-cookie", "a=1"],
    });
  });

  test.each([
    { name: "a subprotocol not offered", fields: ["sec-websocket-protocol", "Chat"] },
    { name: "two subprotocols", fields: ["sec-websocket-protocol", "chat", "sec-websocket-protocol", "chat"] },
    { name: "an extension not offered", fields: ["sec-websocket-extensions", "y"] },
    { name: "an extension twice", fields: ["sec-websocket-extensions", "x, x"] },
    { name: "an invalid value", fields: ["x", "a\nb"] },
  ])("refuses $name", ({ fields }) => {
    expect(checkConnectResponse(fields, sent).type).toBe("invalid");
  });
});
