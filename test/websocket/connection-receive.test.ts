import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { connectionPair } from "../support/connection-pair.ts";
import { settled, setUp, setUpAsking } from "../support/websocket-peer.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("messages wait for receive", () => {
  test("and receive for them, in the order of the calls", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("one");
    await settled();
    expect(await connection.receive()).toBe("one");
    const next = Promise.all([connection.receive(), connection.receive()]);
    peer.send(peer.frame(Opcode.Binary, Uint8Array.of(1, 2)), peer.frame(Opcode.Text, "three"));
    expect(await next).toEqual([Uint8Array.of(1, 2), "three"]);
  });

  test("for await takes them all, and ends with the WebSocket", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("a", "b");
    peer.close(4001, "enough");
    const taken: unknown[] = [];
    for await (const message of connection) taken.push(message);
    expect(taken).toEqual(["a", "b"]);
    expect(await connection.closed).toMatchObject({ code: 4001, reason: "enough", initiator: "peer", clean: true });
  });

  test("a loop that is left leaves the WebSocket open, and another goes on where it was", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("a", "b");
    for await (const message of connection) if (message === "a") break;
    expect(connection.state).toBe("open");
    expect(await connection.receive()).toBe("b");
  });

  test("an onOpen that takes them holds nothing up", async () => {
    const { client, server } = connectionPair({
      server: {
        handler: {
          async onOpen(connection) {
            for await (const message of connection) await connection.send(message);
          },
        },
      },
    });
    await client.send("again");
    expect(await client.receive()).toBe("again");
    await client.close(1000);
    expect((await server.closed).clean).toBe(true);
  });

  test("where a handler takes the messages there are none to ask for", async () => {
    const { connection } = setUp();
    await expect(connection.receive()).rejects.toThrow(TypeError);
    await expect(connection.receiveStream()).rejects.toThrow(TypeError);
  });
});

describe("a wait for a message ends", () => {
  test("by its signal, and what comes later is for the next call", async () => {
    const { connection, peer } = setUpAsking();
    const abort = new AbortController();
    const first = connection.receive({ signal: abort.signal });
    const second = connection.receive();
    abort.abort(new Error("no longer"));
    await expect(first).rejects.toThrow("no longer");
    peer.text("for the second");
    expect(await second).toBe("for the second");
  });

  test("at once with a signal that was aborted before, though a message waits", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("still here");
    await settled();
    await expect(connection.receive({ signal: AbortSignal.abort(new Error("never")) })).rejects.toThrow("never");
    expect(await connection.receive()).toBe("still here");
  });

  test("by its time, and not before", async () => {
    const { connection, peer } = setUpAsking();
    const late = connection.receive({ timeoutMs: 50 });
    let outcome = "waiting";
    late.catch((error: unknown) => (outcome = String(error)));
    vi.advanceTimersByTime(49);
    await settled();
    expect(outcome).toBe("waiting");
    vi.advanceTimersByTime(1);
    await expect(late).rejects.toMatchObject({ code: "WS_WAIT_TIMEOUT", origin: "caller" });
    peer.text("kept");
    expect(await connection.receive({ timeoutMs: 50 })).toBe("kept");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("with undefined when the WebSocket is over", async () => {
    const { connection, peer } = setUpAsking();
    const waiting = connection.receive();
    peer.stream.end();
    expect(await waiting).toBeUndefined();
    expect(await connection.receive()).toBeUndefined();
    expect(await connection.receiveStream()).toBeUndefined();
    expect(await connection.closed).toMatchObject({ code: 1006, clean: false });
  });
});

describe("what came before the end is delivered first", () => {
  test.each([
    { name: "a Close", end: (own: Uint8Array) => own, opcode: Opcode.Close, code: 1005 },
    { name: "a broken rule", end: (own: Uint8Array) => own.fill(0xff, 0, 1), opcode: Opcode.Text, code: 1002 },
  ])("in the same read as $name", async ({ end, opcode, code }) => {
    const { connection, peer } = setUpAsking();
    peer.send(peer.frame(Opcode.Text, "a"), peer.frame(Opcode.Text, "b"), end(peer.frame(opcode)));
    await settled();
    expect((await connection.closed).code).toBe(code);
    expect([await connection.receive(), await connection.receive(), await connection.receive()]).toEqual([
      "a",
      "b",
      undefined,
    ]);
  });

  test("and after our own Close nothing, whether it came before or comes after", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("before");
    await settled();
    const closing = connection.close(1000);
    expect(await connection.receive()).toBeUndefined();
    peer.text("after");
    peer.close(1000);
    expect(await closing).toMatchObject({ code: 1000, initiator: "local", clean: true });
    expect(await connection.receive()).toBeUndefined();
  });

  test("nor after abort", async () => {
    const { connection, peer } = setUpAsking();
    peer.text("before");
    await settled();
    connection.abort();
    expect(await connection.receive()).toBeUndefined();
    expect(await connection.closed).toMatchObject({ code: 1006, initiator: "local" });
  });
});

describe.each([
  { name: "many small messages", one: "x", fits: 64 },
  { name: "some large ones", one: "y".repeat(10_000), fits: 7 },
])("the peer is held by $name that nobody takes", ({ one, fits }) => {
  test("while fewer wait its Pings are answered, then they wait too", async () => {
    const { connection, peer, incoming } = setUpAsking({}, { pair: { chunkBytes: 100 } });
    peer.text(...Array.from({ length: fits - 1 }, () => one));
    peer.send(peer.frame(Opcode.Ping, "early"));
    await settled();
    expect(peer.heard).toEqual(["Pong early"]);
    peer.text(...Array.from({ length: 100 }, () => one));
    peer.send(peer.frame(Opcode.Ping, "late"));
    await settled();
    expect(incoming.text).toBe(fits);
    expect(peer.stream.bufferedBytes).toBeGreaterThan(100);
    expect(peer.heard).toEqual(["Pong early"]);
    for (let taken = 0; taken < fits + 99; taken++) expect(await connection.receive()).toBe(one);
    await settled();
    expect(peer.heard).toEqual(["Pong early", "Pong late"]);
    expect(peer.stream.bufferedBytes).toBe(0);
  });
});

test("the peer is held within a message of which 64 KiB are here, until somebody waits for it", async () => {
  const { connection, peer, incoming } = setUpAsking({}, { pair: { chunkBytes: 1_000 } });
  peer.send(peer.frame(Opcode.Binary, new Uint8Array(99_000)));
  await settled();
  expect(incoming.bytes).toBeGreaterThanOrEqual(64 * 1_024);
  expect(incoming.bytes).toBeLessThan(68_000);
  expect(await connection.receive()).toHaveLength(99_000);
});

test("the peer's Close waits behind the messages that nobody takes", async () => {
  const { connection, peer } = setUpAsking();
  peer.text(...Array.from({ length: 65 }, () => "x"));
  peer.close(1000);
  await settled();
  expect(connection.state).toBe("open");
  for (let taken = 0; taken < 65; taken++) await connection.receive();
  expect(await connection.receive()).toBeUndefined();
  expect(connection.state).toBe("closed");
});
