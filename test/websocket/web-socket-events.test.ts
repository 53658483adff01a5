import { describe, expect, test } from "vitest";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { connectingSocket, openSocket } from "../support/memory-opener.ts";
import { settled } from "../support/websocket-peer.ts";

// Behaviours of the Web Platform Tests in our own words, with their files beside them, named from websockets/ on; where they
// have none, the rule of the standard. No files here: what belongs to a page, such as cookies, blocked ports and unloading.

const Attributes = ["onopen", "onmessage", "onerror", "onclose"] as const;
const Constants = [
  { name: "CONNECTING", value: 0 },
  { name: "OPEN", value: 1 },
  { name: "CLOSING", value: 2 },
  { name: "CLOSED", value: 3 },
] as const;

describe("constants", () => {
  test.each(Constants)(
    "$name is $value on the class, its prototype and each WebSocket, for good (interfaces/WebSocket/constants/001–006.html)",
    ({ name, value }) => {
      const { socket } = connectingSocket();
      for (const owner of [WebSocket, WebSocket.prototype]) {
        expect(Object.getOwnPropertyDescriptor(owner, name)).toEqual({
          ...{ value, enumerable: true, writable: false, configurable: false },
        });
      }
      expect(socket[name]).toBe(value);
      expect(() => Object.assign(socket, { [name]: 9 })).toThrow(TypeError);
    },
  );
});

describe("the interface (idlharness.any.js)", () => {
  test.each(["url", "readyState", "bufferedAmount", "extensions", "protocol"])(
    "%s can only be read (interfaces/WebSocket/{url,bufferedAmount}/002.html)",
    (name) => {
      const { socket } = connectingSocket();
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, name)).toMatchObject({
        set: undefined,
        enumerable: true,
      });
      expect(() => Object.assign(socket, { [name]: "written" })).toThrow(TypeError);
    },
  );

  test.each([...Attributes, "binaryType"])("%s can be read and written", (name) => {
    expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, name)).toMatchObject({
      ...{ get: expect.any(Function), set: expect.any(Function), enumerable: true },
    });
  });

  test("it is an EventTarget, named WebSocket, and its attributes are found", () => {
    const { socket } = connectingSocket();
    expect(socket).toBeInstanceOf(EventTarget);
    expect(Object.prototype.toString.call(socket)).toBe("[object WebSocket]");
    expect(WebSocket.length).toBe(1);
    const found: string[] = [];
    for (const name in socket) found.push(name);
    expect(found).toEqual(expect.arrayContaining(["url", "send", "close", "onopen", "CLOSED"]));
  });

  test("its methods can be replaced (interfaces/WebSocket/send/002.html, close/002.html)", () => {
    const { socket } = connectingSocket();
    expect(Object.assign(socket, { send: 5, close: 6 })).toMatchObject({ send: 5, close: 6 });
  });

  test("its attributes work on a WebSocket only", () => {
    expect(() => WebSocket.prototype.readyState).toThrow(TypeError);
  });
});

describe.each(Attributes)("%s", (attribute) => {
  const type = attribute.slice(2);

  test("is null, then the function it was set to (interfaces/WebSocket/events/001.html, 002.html)", () => {
    const { socket } = connectingSocket();
    expect(socket[attribute]).toBeNull();
    const handler = (): void => {};
    socket[attribute] = handler;
    expect(socket[attribute]).toBe(handler);
  });

  test.each([
    { value: 2, wpt: "eventhandlers.any.js" },
    { value: null, wpt: "interfaces/WebSocket/events/014.html" },
    { value: undefined, wpt: "interfaces/WebSocket/events/010.html" },
    { value: "text", wpt: "interfaces/WebSocket/events/012.html" },
    { value: { handleEvent() {} }, wpt: "interfaces/WebSocket/events/013.html" },
  ])("is null after $value, and nothing is called ($wpt)", ({ value }) => {
    const { socket } = connectingSocket();
    let calls = 0;
    socket[attribute] = () => (calls += 1);
    socket[attribute] = value as unknown as null;
    expect(socket[attribute]).toBeNull();
    socket.dispatchEvent(new Event(type));
    expect(calls).toBe(0);
  });

  test("is called with the event, on the WebSocket (interfaces/WebSocket/events/006–009.html)", () => {
    const { socket } = connectingSocket();
    const calls: unknown[] = [];
    socket[attribute] = function (this: WebSocket, event: Event) {
      calls.push(this, event);
    };
    const event = new Event(type);
    socket.dispatchEvent(event);
    expect(calls).toEqual([socket, event]);
    expect(event.target).toBe(socket);
  });

  test("keeps its place among the listeners until it is null (interfaces/WebSocket/events/016.html)", () => {
    const { socket } = connectingSocket();
    const calls: string[] = [];
    const handler = (name: string) => (): void => void calls.push(name);
    socket[attribute] = handler("first");
    socket.addEventListener(type, handler("listener"));
    socket[attribute] = handler("second");
    socket.dispatchEvent(new Event(type));
    expect(calls.splice(0)).toEqual(["second", "listener"]);
    socket[attribute] = null;
    socket[attribute] = handler("third");
    socket.dispatchEvent(new Event(type));
    expect(calls).toEqual(["listener", "third"]);
  });

  test("a listener can be taken away (interfaces/WebSocket/events/019.html)", () => {
    const { socket } = connectingSocket();
    let calls = 0;
    const listener = (): void => void (calls += 1);
    socket.addEventListener(type, listener);
    socket.removeEventListener(type, listener);
    socket.dispatchEvent(new Event(type));
    expect(calls).toBe(0);
  });
});

test("each event is of its class, and neither bubbles nor is cancelled (interfaces/WebSocket/events/015.html, 018.html)", async () => {
  const { peer, events } = await openSocket();
  peer.text("test");
  peer.send(Uint8Array.of(0x83, 0));
  await settled();
  expect(events.map(String)).toEqual([
    "[object Event]",
    "[object MessageEvent]",
    "[object Event]",
    "[object CloseEvent]",
  ]);
  for (const event of events) expect(event).toMatchObject({ bubbles: false, cancelable: false });
});

test("all handlers are called in an ordinary life", async () => {
  const { socket, opener } = connectingSocket();
  const calls: string[] = [];
  for (const attribute of Attributes) socket[attribute] = ({ type }: Event) => void calls.push(type);
  const peer = opener.accept();
  peer.text("a");
  peer.close(1000);
  await settled();
  expect(calls).toEqual(["open", "message", "close"]);
});
