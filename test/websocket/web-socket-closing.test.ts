import { describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { connectingSocket, openSocket, told } from "../support/memory-opener.ts";
import { settled } from "../support/websocket-peer.ts";

// Behaviours of the Web Platform Tests in our own words, with their files beside them, named from websockets/ on; where they
// have none, the rule of the standard. No files here: what belongs to a page, such as cookies, blocked ports and unloading.

const InvalidAccess = expect.objectContaining({ name: "InvalidAccessError", code: 15 });

describe("close", () => {
  test.each([
    { code: 0, wpt: "close-invalid.any.js" },
    { code: 500, wpt: "close-invalid.any.js" },
    { code: Number.NaN, wpt: "close-invalid.any.js" },
    { code: "string", wpt: "close-invalid.any.js" },
    { code: null, wpt: "close-invalid.any.js" },
    { code: 0x1_0000 + 1000, wpt: "close-invalid.any.js" },
    { code: -1, wpt: "WebSockets Standard §3.1" },
    { code: 1001, wpt: "WebSockets Standard §3.1" },
    { code: 1005, wpt: "Secure-Close-1005.any.js" },
    { code: 2999, wpt: "Secure-Close-2999-reason.any.js" },
    { code: 5000, wpt: "WebSockets Standard §3.1" },
    { code: "Close with only reason", wpt: "Secure-Close-onlyReason.any.js" },
  ])("throws InvalidAccessError for the code $code, and nothing else happens ($wpt)", async ({ code }) => {
    const { socket, peer } = await openSocket();
    expect(() => socket.close(code as number, "reason")).toThrow(InvalidAccess);
    expect(() => connectingSocket().socket.close(code as number)).toThrow(InvalidAccess);
    await settled();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(peer.heard).toEqual([]);
  });

  test.each([
    { name: "124 bytes", reason: "a".repeat(124), wpt: "Close-Reason-124Bytes.any.js" },
    { name: "124 bytes of 62 letters", reason: "ä".repeat(62), wpt: "WebSockets Standard §3.1" },
    { name: "42 lone surrogates", reason: "\ud800".repeat(42), wpt: "WebSockets Standard §3.1" },
  ])("throws SyntaxError for a reason of $name ($wpt)", async ({ reason }) => {
    const { socket } = await openSocket();
    expect(() => socket.close(1000, reason)).toThrow(expect.objectContaining({ name: "SyntaxError", code: 12 }));
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  test.each([
    { close: [], hears: "Close 1005", wpt: "closing-handshake/003.html" },
    { close: [undefined, undefined], hears: "Close 1005", wpt: "Close-undefined.any.js" },
    { close: [undefined, "why"], hears: "Close 1000 why", wpt: "WebSockets Standard §3.1" },
    { close: [1000], hears: "Close 1000", wpt: "Close-1000.any.js" },
    { close: [1000, "Clean Close"], hears: "Close 1000 Clean Close", wpt: "Close-1000-reason.any.js" },
    { close: [3000, "Clean Close"], hears: "Close 3000 Clean Close", wpt: "Secure-Close-3000-reason.any.js" },
    { close: [4999, "Clean Close"], hears: "Close 4999 Clean Close", wpt: "Secure-Close-4999-reason.any.js" },
    { close: [1000, "x\ud807y"], hears: "Close 1000 x\ufffdy", wpt: "Close-reason-unpaired-surrogates.any.js" },
    {
      close: [1000, "a".repeat(123)],
      hears: `Close 1000 ${"a".repeat(123)}`,
      wpt: "WebSockets Standard §3.1",
    },
    { close: ["3000"], hears: "Close 3000", wpt: "Web IDL §3.2.4.9" },
    { close: [2999.5], hears: "Close 3000", wpt: "Web IDL §3.2.4.9" },
    { close: [4000.5, 5], hears: "Close 4000 5", wpt: "Web IDL §3.2.4.9" },
    { close: [4000.6], hears: "Close 4001", wpt: "Web IDL §3.2.4.9" },
  ])("$close says $hears, and the state is CLOSING at once ($wpt)", async ({ close, hears }) => {
    const { socket, peer, events } = await openSocket();
    socket.close(...(close as [number, string]));
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    await settled();
    expect(peer.heard).toEqual([hears]);
    expect(told(events)).toEqual(["open"]);
  });

  test("says nothing more after the first (interfaces/WebSocket/close/003.html, close-multiple.html)", async () => {
    const { socket, peer, events } = await openSocket();
    socket.close(3000);
    socket.close(3001);
    peer.close(3000);
    await settled();
    socket.close(3002);
    expect(peer.heard.filter((line) => line.startsWith("Close"))).toEqual(["Close 3000"]);
    expect(told(events)).toEqual(["open", "close 3000 clean"]);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test("in a listener of close changes nothing (interfaces/WebSocket/close/close-nested.html)", async () => {
    const { socket, peer, events } = await openSocket();
    socket.addEventListener("close", () => socket.close());
    socket.close();
    peer.close();
    await settled();
    expect(told(events)).toEqual(["open", "close 1005 clean"]);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });
});

describe("the close event", () => {
  test.each([
    {
      name: "what the peer answered",
      answer: [4000, "so be it"],
      tells: "close 4000 so be it clean",
      wpt: "Secure-Close-3000-verify-code.any.js",
    },
    {
      name: "1005 for an answer without a code",
      answer: [],
      tells: "close 1005 clean",
      wpt: "Secure-Close-1005-verify-code.any.js",
    },
  ])("tells $name ($wpt)", async ({ answer, tells }) => {
    const { socket, peer, events } = await openSocket();
    socket.close(3000, "ours");
    peer.close(...(answer as [number?, string?]));
    await settled();
    expect(told(events)).toEqual(["open", tells]);
  });

  test.each([
    { close: [1000, "bye"], tells: "close 1000 bye clean", wpt: "Secure-Close-server-initiated-close.any.js" },
    { close: [1011, "€"], tells: "close 1011 € clean", wpt: "WebSockets Standard §4" },
    { close: [], tells: "close 1005 clean", wpt: "WebSockets Standard §4" },
  ])("tells of the server's Close $close ($wpt)", async ({ close, tells }) => {
    const { socket, peer, events } = await openSocket();
    peer.close(...(close as [number?, string?]));
    await settled();
    expect(told(events)).toEqual(["open", tells]);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test("comes behind error, in CLOSED, where the server broke a rule (interfaces/WebSocket/events/015.html)", async () => {
    const { socket, peer, events } = await openSocket();
    const states: number[] = [];
    for (const type of ["message", "error", "close"])
      socket.addEventListener(type, () => states.push(socket.readyState));
    peer.send(peer.frame(Opcode.Text, "test"), Uint8Array.of(0x83, 0x03, 0x4c, 0x4f, 0x4c));
    await settled();
    expect(told(events)).toEqual(["open", "message test", "error", "close 1006 unclean"]);
    expect(events[2]).toMatchObject({ error: { code: "WS_OPCODE_RESERVED" } });
    expect(states).toEqual([WebSocket.OPEN, WebSocket.CLOSED, WebSocket.CLOSED]);
    expect(peer.heard[0]).toMatch(/^Close 1002/);
  });

  test("comes behind error where the connection is lost", async () => {
    const { peer, events } = await openSocket();
    peer.stream.abort("cancel");
    await settled();
    expect(told(events)).toEqual(["open", "error", "close 1006 unclean"]);
  });

  test("is the last: what comes behind the server's Close is not told (closing-handshake/004.html)", async () => {
    const { peer, events } = await openSocket();
    peer.send(peer.frame(Opcode.Close), peer.frame(Opcode.Text, "data"));
    await settled();
    expect(told(events)).toEqual(["open", "close 1005 clean"]);
  });

  test("comes although the server never answers, unclean", async () => {
    const { socket, events } = await openSocket({ closeMs: 5_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      socket.close(3000);
      await vi.advanceTimersByTimeAsync(5_001);
      expect(told(events)).toEqual(["open", "error", "close 1006 unclean"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is not behind error for a message too late for an end that the options began", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const it = connectingSocket({ idleMs: 1_000 });
      const peer = it.opener.accept();
      await vi.advanceTimersByTimeAsync(1_001);
      expect(peer.heard).toEqual(["Close 1001"]);
      it.socket.send("late");
      await vi.advanceTimersByTimeAsync(0);
      peer.close(1001);
      await vi.advanceTimersByTimeAsync(0);
      expect(told(it.events)).toEqual(["open", "close 1001 clean"]);
      expect(it.socket.bufferedAmount).toBe(4);
    } finally {
      vi.useRealTimers();
    }
  });

  test("messages that come while it is CLOSING are not told", async () => {
    const { socket, peer, events } = await openSocket();
    socket.close();
    peer.text("late");
    peer.close();
    await settled();
    expect(told(events)).toEqual(["open", "close 1005 clean"]);
  });
});
