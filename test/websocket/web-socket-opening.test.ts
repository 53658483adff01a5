import { describe, expect, test } from "vitest";
import { WebSocketError } from "../../src/protocol/errors.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { connectingSocket, MemoryOpener, openSocket, told } from "../support/memory-opener.ts";
import { settled } from "../support/websocket-peer.ts";

// Behaviours of the Web Platform Tests in our own words, with their files beside them, named from websockets/ on; where they
// have none, the rule of the standard. No files here: what belongs to a page, such as cookies, blocked ports and unloading.

/** A WebSocket that asks `client` to open it, and what it throws where it cannot be made. */
function make(url: unknown, protocols?: unknown, client = new MemoryOpener()): WebSocket {
  return new WebSocket(url as string, protocols as string, { client });
}

describe("the URL", () => {
  test.each([
    { name: "a path", url: "/echo", wpt: "Create-non-absolute-url.any.js" },
    { name: "a query", url: "?test", wpt: "Create-invalid-urls.any.js" },
    { name: "a fragment alone", url: "#test", wpt: "constructor/002.html" },
    { name: "nothing", url: "", wpt: "WebSockets Standard §3.1" },
    { name: "a mail address", url: "mailto:a@example.com", wpt: "Create-invalid-urls.any.js" },
    { name: "about:blank", url: "about:blank", wpt: "Create-invalid-urls.any.js" },
    { name: "another scheme", url: "ftp://localhost/", wpt: "Create-wrong-scheme.any.js" },
    { name: "a space in the host", url: "ws://web platform.test/", wpt: "Create-Secure-url-with-space.any.js" },
    { name: "an empty fragment", url: "ws://localhost/#", wpt: "constructor/002.html" },
    { name: "a fragment", url: "wss://localhost/#test", wpt: "constructor/002.html" },
    { name: "a fragment behind http", url: "http://localhost/#test", wpt: "Create-invalid-urls.any.js" },
  ])("may not be $name ($wpt)", ({ url }) => {
    const client = new MemoryOpener();
    expect(() => make(url, [], client)).toThrow(expect.objectContaining({ name: "SyntaxError", code: 12 }));
    expect(client.url).toBeUndefined();
  });

  test.each([
    { url: "ws://localhost", is: "ws://localhost/", wpt: "interfaces/WebSocket/url/001.html" },
    { url: "WSS://LOCALHOST/a%20b?c", is: "wss://localhost/a%20b?c", wpt: "constructor/019.html, 020.html" },
    { url: "ws://localhost:80/", is: "ws://localhost/", wpt: "Create-verify-url-set-default-port.any.js" },
    { url: "wss://localhost:443/", is: "wss://localhost/", wpt: "Create-Secure-verify-url-set-default-port.htm" },
    {
      url: "ws://localhost:8443/",
      is: "ws://localhost:8443/",
      wpt: "Create-Secure-verify-url-set-non-default-port.any.js",
    },
    { url: "http://localhost/a", is: "ws://localhost/a", wpt: "Create-http-urls.any.js" },
    { url: "https://localhost/a", is: "wss://localhost/a", wpt: "Create-http-urls.any.js" },
    { url: "ws://localhost/?åäö", is: "ws://localhost/?%C3%A5%C3%A4%C3%B6", wpt: "constructor/016.html" },
    { url: "ws://localhost/?a\0b", is: "ws://localhost/?a%00b", wpt: "constructor/018.html" },
    { url: "ws://localhost/\ud800", is: "ws://localhost/%EF%BF%BD", wpt: "WebSockets Standard §3.1" },
    { url: new URL("ws://localhost/?url"), is: "ws://localhost/?url", wpt: "constructor/006.html" },
  ])("$url is $is ($wpt)", ({ url, is }) => {
    const client = new MemoryOpener();
    expect(make(url, [], client).url).toBe(is);
    expect(client.url?.href).toBe(is);
  });

  test("has to be there (constructor/001.html)", () => {
    const Untyped = WebSocket as unknown as new () => WebSocket;
    expect(() => new Untyped()).toThrow(TypeError);
  });
});

describe("subprotocols", () => {
  const separators = Array.from('()<>@,;:\\"/[]?={} ', (character) => `a${character}b`);

  test("may have no control characters, and none beyond ASCII (constructor/004.html, 007.html)", () => {
    const controls = Array.from({ length: 0x20 }, (_, code) => code);
    const beyond = Array.from({ length: 0x81 }, (_, at) => 0x7f + at);
    for (const code of [...controls, ...beyond]) {
      const name = `a${String.fromCharCode(code)}b`;
      expect(() => make("ws://localhost/", name)).toThrow(expect.objectContaining({ name: "SyntaxError" }));
    }
  });

  test.each([
    ...separators.map((name) => ({ name, protocols: name, wpt: "Create-asciiSep-protocol-string.any.js" })),
    { name: "an empty one", protocols: "", wpt: "constructor/004.html" },
    { name: "with a slash", protocols: "/echo", wpt: "Create-asciiSep-protocol-string.any.js" },
    { name: "beyond ASCII", protocols: "\u0080echo", wpt: "Create-nonAscii-protocol-string.any.js" },
    { name: "with a space", protocols: "ex ample", wpt: "Create-protocol-with-space.any.js" },
    { name: "an empty one in a list", protocols: ["a", ""], wpt: "WebSockets Standard §3.1" },
    { name: "one twice", protocols: ["echo", "echo"], wpt: "constructor/021.html" },
    { name: "one in two cases", protocols: ["echo", "eCho"], wpt: "Create-protocols-repeated-case-insensitive.any.js" },
  ])("may not be $name ($wpt)", ({ protocols }) => {
    expect(() => make("ws://localhost/", protocols)).toThrow(expect.objectContaining({ name: "SyntaxError" }));
  });

  test.each([
    { name: "none", protocols: undefined, offered: [], wpt: "Create-valid-url.any.js" },
    { name: "an empty list", protocols: [], offered: [], wpt: "Web IDL §3.2" },
    { name: "a string", protocols: "echo", offered: ["echo"], wpt: "Create-valid-url-protocol.any.js" },
    { name: "a list", protocols: ["a", "b"], offered: ["a", "b"], wpt: "constructor/022.html" },
    { name: "a set", protocols: new Set(["a", "b"]), offered: ["a", "b"], wpt: "Web IDL §3.2" },
    { name: "null", protocols: null, offered: ["null"], wpt: "Web IDL §3.2" },
    {
      name: "all that may be in one",
      protocols: "!#$%&'*+-.^_`|~09azAZ",
      offered: ["!#$%&'*+-.^_`|~09azAZ"],
      wpt: "RFC 9110 §5.6.2",
    },
  ])("are offered: $name ($wpt)", ({ protocols, offered }) => {
    const client = new MemoryOpener();
    make("ws://localhost/", protocols, client);
    expect(client.options.subprotocols).toEqual(offered);
  });
});

describe("before it is open", () => {
  test("there is nothing to tell (interfaces/WebSocket/{readyState,protocol,extensions,bufferedAmount}/001.html)", () => {
    const { socket } = connectingSocket();
    const { readyState, protocol, extensions, bufferedAmount, binaryType } = socket;
    expect({ readyState, protocol, extensions, bufferedAmount, binaryType }).toEqual({
      ...{ readyState: 0, protocol: "", extensions: "", bufferedAmount: 0, binaryType: "blob" },
    });
  });

  test("nothing can be sent (Send-before-open.any.js)", () => {
    const { socket } = connectingSocket();
    expect(() => socket.send("early")).toThrow(expect.objectContaining({ name: "InvalidStateError", code: 11 }));
    expect(socket.bufferedAmount).toBe(0);
  });

  test("what fails is told as error and close, once, in CLOSED (interfaces/WebSocket/events/020.html)", async () => {
    const { socket, opener, events } = connectingSocket();
    const states: number[] = [];
    socket.addEventListener("error", ({ error }) =>
      states.push(socket.readyState, Number(error instanceof WebSocketError)),
    );
    opener.refuse(new WebSocketError("WS_OPENING_REFUSED", "403"));
    expect(socket.readyState).toBe(WebSocket.CONNECTING);
    await settled();
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    expect(states).toEqual([WebSocket.CLOSED, 1]);
  });

  test.each([
    { close: [], wpt: "interfaces/WebSocket/close/001.html, 006.html" },
    { close: [3000, "reason"], wpt: "interfaces/WebSocket/close/close-connecting.html" },
  ])("close($close) gives it up ($wpt)", async ({ close }) => {
    const { socket, opener, events } = connectingSocket();
    socket.close(...(close as [number?, string?]));
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    expect(opener.options.signal?.aborted).toBe(true);
    expect(events).toEqual([]);
    await settled();
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test("it may open while it is given up: it is aborted, and never told as open", async () => {
    const { socket, opener, events } = connectingSocket();
    const peer = opener.accept();
    socket.close();
    peer.text("too late");
    await settled();
    expect(told(events)).toEqual(["error", "close 1006 unclean"]);
    expect(peer.ending).toMatchObject({ type: "reset" });
  });
});

describe("opened", () => {
  test("it tells what was agreed on (Create-Secure-valid-url-protocol-setCorrectly.any.js, interfaces/WebSocket/readyState/006.html)", async () => {
    const { socket, events } = await openSocket();
    expect(told(events)).toEqual(["open"]);
    expect(socket).toMatchObject({ readyState: WebSocket.OPEN, protocol: "chat", extensions: "" });
  });

  test("it offers what browsers do, and sends no Pings, unless it is told to", () => {
    const { opener } = connectingSocket();
    expect(opener.options.extensions?.map(({ name }) => name)).toEqual(["permessage-deflate"]);
    expect(opener.options).toMatchObject({ pingIntervalMs: Infinity });
    const told = connectingSocket({ extensions: [], pingIntervalMs: 1_000, fields: ["cookie", "a=b"] });
    expect(told.opener.options).toMatchObject({ extensions: [], pingIntervalMs: 1_000, fields: ["cookie", "a=b"] });
  });
});
