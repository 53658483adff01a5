import { describe, expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { connectingSocket, openSocket, told } from "../support/memory-opener.ts";
import { settled } from "../support/websocket-peer.ts";

// Behaviours of the Web Platform Tests in our own words, with their files beside them, named from websockets/ on; where they
// have none, the rule of the standard. No files here: what belongs to a page, such as cookies, blocked ports and unloading.

const Bytes = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

/** Two bytes of memory that can be shared. */
function sharedBytes(): ArrayBufferView<ArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(2)) as ArrayBufferView as ArrayBufferView<ArrayBuffer>;
}

describe("send", () => {
  test.each([
    { name: "text", data: "Hello", hears: "Text Hello", wpt: "Send-data.any.js" },
    {
      name: "an empty text",
      data: "",
      hears: "Text",
      wpt: "Send-0byte-data.any.js, interfaces/WebSocket/send/009.html",
    },
    {
      name: "text beyond ASCII",
      data: "¥£€漢",
      hears: "Text ¥£€漢",
      wpt: "Send-unicode-data.any.js, interfaces/WebSocket/send/011.html",
    },
    { name: "a pair of surrogates", data: "\ud801\udc07", hears: "Text 𐐇", wpt: "Send-paired-surrogates.any.js" },
    {
      name: "a lone surrogate",
      data: "a\udc00b\ud800c",
      hears: "Text a\ufffdb\ufffdc",
      wpt: "interfaces/WebSocket/send/006.html",
    },
    { name: "null", data: null, hears: "Text null", wpt: "interfaces/WebSocket/send/012.html" },
    { name: "undefined", data: undefined, hears: "Text undefined", wpt: "interfaces/WebSocket/send/010.html" },
    { name: "a number", data: 5, hears: "Text 5", wpt: "constructor/013.html" },
    {
      name: "an object",
      data: { toString: () => "said" },
      hears: "Text said",
      wpt: "interfaces/WebSocket/send/010.html",
    },
    { name: "an ArrayBuffer", data: Bytes.buffer, hears: "Binary 16", wpt: "Send-binary-arraybuffer.any.js" },
    { name: "an empty ArrayBuffer", data: new ArrayBuffer(0), hears: "Binary 0", wpt: "WebSockets Standard §3.1" },
    {
      name: "an Int8Array",
      data: new Int8Array(Bytes),
      hears: "Binary 16",
      wpt: "Send-binary-arraybufferview-int8.any.js",
    },
    {
      name: "Int16Array from an offset on",
      ...{
        data: new Int16Array(Bytes.buffer, 2),
        hears: "Binary 14",
        wpt: "Send-binary-arraybufferview-int16-offset.any.js",
      },
    },
    {
      name: "part of a Uint8Array",
      ...{
        data: Bytes.subarray(1, 4),
        hears: "Binary 3",
        wpt: "Secure-Send-binary-arraybufferview-uint8-offset-length.any.js",
      },
    },
    {
      name: "part of a Uint16Array",
      ...{
        data: new Uint16Array(Bytes.buffer, 2, 4),
        hears: "Binary 8",
        wpt: "Secure-Send-binary-arraybufferview-uint16-offset-length.any.js",
      },
    },
    {
      name: "a Float64Array",
      ...{ data: new Float64Array(2), hears: "Binary 16", wpt: "Secure-Send-binary-arraybufferview-float64.any.js" },
    },
    { name: "a DataView", data: new DataView(Bytes.buffer, 3), hears: "Binary 13", wpt: "WebSockets Standard §3.1" },
    { name: "a Blob", data: new Blob([Bytes]), hears: "Binary 16", wpt: "Send-binary-blob.any.js" },
    { name: "an empty Blob", data: new Blob([]), hears: "Binary 0", wpt: "WebSockets Standard §3.1" },
  ])("takes $name ($wpt)", async ({ data, hears }) => {
    const { socket, peer } = await openSocket();
    expect(socket.send(data as string)).toBeUndefined();
    await expect.poll(() => peer.heard).toEqual([hears]);
  });

  test("sends the bytes as they are at the call, also behind a Blob", async () => {
    const { socket, peer } = await openSocket();
    const bytes = Uint8Array.of(1, 2, 3);
    socket.send(bytes);
    bytes.fill(0);
    socket.send(new Blob([Uint8Array.of(4)]));
    const behind = Uint8Array.of(5, 6);
    socket.send(behind);
    behind.fill(0);
    await expect.poll(() => peer.payloads).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)]);
  });

  test("keeps the order around Blobs, and a Close comes last", async () => {
    const { socket, peer } = await openSocket();
    socket.send("a");
    socket.send(new Blob(["12"]));
    socket.send("b");
    socket.send(new Blob(["123"]));
    socket.send(Bytes);
    socket.close(3000);
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    await expect
      .poll(() => peer.heard)
      .toEqual(["Text a", "Binary 2", "Text b", "Binary 3", "Binary 16", "Close 3000"]);
  });

  test("fails the WebSocket for a Blob that cannot be read", async () => {
    const { socket, peer, events } = await openSocket();
    const broken = new Blob(["gone"]);
    broken.arrayBuffer = () => Promise.reject(new Error("the file is gone"));
    socket.send(broken);
    socket.send("behind");
    await expect.poll(() => peer.heard).toEqual(["Close 1011"]);
    peer.close(1011);
    await settled();
    expect(told(events)).toEqual(["open", "error", "close 1011 clean"]);
    expect(events[1]).toMatchObject({ error: { message: "the file is gone" } });
  });

  test.each([
    { name: "the transport", first: "a".repeat(70_000) },
    { name: "a Blob", first: new Blob(["a".repeat(10)]) },
  ])("fails the WebSocket where too much waits for $name", async ({ first }) => {
    const { socket, peer, events } = await openSocket({ maxBufferedBytes: 100_000 });
    if (typeof first === "string") peer.stream.pause();
    socket.send(first);
    for (let count = 0; count < 60; count++) socket.send("b".repeat(2_000));
    peer.stream.resume();
    await expect.poll(() => peer.heard.at(-1)).toBe("Close 1013");
    peer.close(1013);
    await settled();
    expect(told(events)).toEqual(["open", "error", "close 1013 clean"]);
    expect(events[1]).toMatchObject({ error: { code: "WS_BUFFER_FULL" } });
    expect(socket.bufferedAmount).toBeGreaterThan(2_000);
  });

  test("needs something to send, not in shared memory (interfaces/WebSocket/send/001.html)", async () => {
    const { socket } = await openSocket();
    expect(() => (socket.send as () => void)()).toThrow(TypeError);
    expect(() => socket.send(sharedBytes())).toThrow(TypeError);
    expect(socket.bufferedAmount).toBe(0);
  });
});

describe("bufferedAmount", () => {
  test.each([
    { name: "ASCII", data: "Hello", bytes: 5, wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-getting.html" },
    {
      name: "other text",
      data: "¥¥¥",
      bytes: 6,
      wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-unicode.html",
    },
    {
      name: "a lone surrogate",
      data: "\ud800",
      bytes: 3,
      wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-unicode.html",
    },
    {
      name: "bytes",
      data: new ArrayBuffer(10),
      bytes: 10,
      wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-arraybuffer.html",
    },
    {
      name: "a Blob",
      data: new Blob(["abc"]),
      bytes: 3,
      wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-blob.html",
    },
    {
      name: "much",
      data: "x".repeat(65_000),
      bytes: 65_000,
      wpt: "interfaces/WebSocket/bufferedAmount/bufferedAmount-large.html",
    },
  ])("counts $name at once, until it has left ($wpt)", async ({ data, bytes }) => {
    const { socket } = await openSocket();
    socket.send(data);
    socket.send(data);
    expect(socket.bufferedAmount).toBe(2 * bytes);
    await expect.poll(() => socket.bufferedAmount).toBe(0);
  });

  test("holds what the transport does not take", async () => {
    const { socket, peer } = await openSocket({ pair: { highWaterBytes: 1_000 } });
    peer.stream.pause();
    socket.send("a".repeat(999));
    socket.send("b".repeat(500));
    await settled();
    expect(socket.bufferedAmount).toBeGreaterThanOrEqual(500);
    peer.stream.resume();
    await settled();
    expect(socket.bufferedAmount).toBe(0);
  });

  test("grows after the begin of the end, and never falls again (interfaces/WebSocket/send/007.html, 008.html)", async () => {
    const { socket, peer, events } = await openSocket();
    socket.close();
    socket.send("12345");
    expect(socket.bufferedAmount).toBe(5);
    peer.close();
    await settled();
    expect(told(events).at(-1)).toBe("close 1005 clean");
    expect(socket.bufferedAmount).toBe(5);
    socket.send(new Blob(["123"]));
    socket.send(new Uint8Array(2));
    await settled();
    expect(socket.bufferedAmount).toBe(10);
    expect(peer.heard[0]).toBe("Close 1005");
  });
});

describe("message events", () => {
  test("have the text and the origin of the URL, and neither bubble nor are cancelled (interfaces/WebSocket/events/018.html)", async () => {
    const { peer, events } = await openSocket();
    peer.text("漢 𐐇");
    await settled();
    expect(events[1]).toBeInstanceOf(MessageEvent);
    expect(events[1]).toMatchObject({
      type: "message",
      data: "漢 𐐇",
      origin: "ws://localhost",
      bubbles: false,
      cancelable: false,
    });
    expect(events[1]).toMatchObject({ lastEventId: "", source: null });
  });

  test("have binary as a Blob at first, and as an ArrayBuffer from when it is asked for (binary/001–005.html)", async () => {
    const { socket, peer, events } = await openSocket();
    peer.send(peer.frame(Opcode.Binary, Uint8Array.of(1, 2)));
    await settled();
    socket.binaryType = "arraybuffer";
    peer.send(peer.frame(Opcode.Binary, Uint8Array.of(3, 4)));
    await settled();
    const [first, second] = events.slice(1).map((event) => (event as MessageEvent).data as unknown);
    expect(first).toBeInstanceOf(Blob);
    expect(await (first as Blob).bytes()).toEqual(Uint8Array.of(1, 2));
    expect(second).toEqual(Uint8Array.of(3, 4).buffer);
  });

  test("binaryType stays as it is for other values (binaryType-wrong-value.any.js)", async () => {
    const { socket } = await openSocket();
    for (const wrong of ["notBlobOrArrayBuffer", "", "Blob", undefined, null]) {
      socket.binaryType = wrong as "blob";
      expect(socket.binaryType).toBe("blob");
    }
    socket.binaryType = "arraybuffer";
    socket.binaryType = "wrong" as "blob";
    expect(socket.binaryType).toBe("arraybuffer");
  });

  test("come one by one: what is set going by one is there before the next", async () => {
    const { socket, peer } = await openSocket();
    peer.text("a", "b", "c");
    const heard: unknown[] = [];
    const next = async (): Promise<unknown> => {
      const message = await new Promise<MessageEvent>((resolve) => {
        socket.addEventListener("message", resolve, { once: true });
      });
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      return message.data as unknown;
    };
    for (let count = 0; count < 3; count++) heard.push(await next());
    expect(heard).toEqual(["a", "b", "c"]);
  });

  test("do not come any more while a Close waits for a Blob", async () => {
    const { socket, peer, events } = await openSocket();
    const blob = new Blob(["slow"]);
    const read = Promise.withResolvers<ArrayBuffer>();
    blob.arrayBuffer = () => read.promise;
    socket.send(blob);
    socket.close();
    peer.text("late");
    await settled();
    read.resolve(new ArrayBuffer(4));
    await settled();
    expect(peer.heard).toEqual(["Binary 4", "Close 1005"]);
    expect(told(events)).toEqual(["open"]);
  });

  test("come behind open, whatever came with the opening", async () => {
    const { opener, events } = connectingSocket();
    opener.accept().text("first", "second");
    await settled();
    expect(told(events)).toEqual(["open", "message first", "message second"]);
  });
});
