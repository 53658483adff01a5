import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { DefaultConnectionOptions } from "../../src/websocket/connection-options.ts";
import { connectionPair } from "../support/connection-pair.ts";
import { settled, setUp, setUpAsking } from "../support/websocket-peer.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function pass(milliseconds: number): Promise<void> {
  await settled();
  vi.advanceTimersByTime(milliseconds);
  await settled();
}

const keepalive = { pingIntervalMs: 1_000, pongMs: 300 };

describe("a peer that is silent", () => {
  test("is asked with a Ping after pingIntervalMs, and not before", async () => {
    const { peer } = setUp({}, keepalive);
    await pass(999);
    expect(peer.heard).toEqual([]);
    await pass(1);
    expect(peer.heard).toEqual(["Ping"]);
  });

  test("is given up pongMs after it: aborted without a Close, told as 1006", async () => {
    const { peer, closings, endings, connection } = setUp({}, keepalive);
    await pass(1_000);
    await pass(299);
    expect(connection.state).toBe("open");
    await pass(1);
    expect(peer.heard).toEqual(["Ping"]);
    expect(peer.ending).toEqual({ type: "reset", code: 8 });
    expect(closings).toMatchObject([{ code: 1006, initiator: "local", clean: false }]);
    expect(endings).toEqual([{ initiator: "gateway", code: 1006, cause: "pong-timeout" }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { name: "its Pong", bytes: ["8a 80 00 00 00 00"] },
    { name: "half a header", bytes: ["81"] },
    { name: "a Ping of its own", bytes: ["89 80 00 00 00 00"] },
  ])("that answers with anything, $name, is there: it is asked again later", async ({ bytes }) => {
    const { peer, connection } = setUp({}, keepalive);
    await pass(1_000);
    await pass(200);
    peer.send(Buffer.from(bytes.join("").replaceAll(" ", ""), "hex"));
    await pass(999);
    expect(peer.heard.filter((line) => line === "Ping")).toHaveLength(1);
    await pass(1);
    expect(peer.heard.filter((line) => line === "Ping")).toHaveLength(2);
    expect(connection.state).toBe("open");
  });

  test("that says something before is not asked", async () => {
    const { peer } = setUp({}, keepalive);
    for (let turn = 0; turn < 10; turn++) {
      await pass(900);
      peer.text("still here");
    }
    await settled();
    expect(peer.heard).toEqual([]);
  });

  test("is there for ever where both are ours and say nothing", async () => {
    const { client, server } = connectionPair({ client: keepalive, server: keepalive });
    for (let turn = 0; turn < 100; turn++) await pass(200);
    expect([client.state, server.state]).toEqual(["open", "open"]);
  });

  test("keeps what it said before for receive", async () => {
    const { connection, peer } = setUpAsking({}, keepalive);
    peer.text("last words");
    await pass(1_000);
    await pass(300);
    expect(connection.state).toBe("closed");
    expect(await connection.receive()).toBe("last words");
    expect(await connection.receive()).toBeUndefined();
  });
});

describe("no time counts against the peer while we hold it, but a sign of life looks whether it is there", () => {
  test("because a handler is at work and more has come than may wait", async () => {
    const work = Promise.withResolvers<void>();
    const { connection, peer } = setUp({ onMessage: () => work.promise }, { ...keepalive, idleMs: 2_000 });
    peer.text("long work", "waits");
    for (let turn = 0; turn < 10; turn++) await pass(1_000);
    expect(peer.heard).toEqual(Array.from({ length: 10 }, () => "Pong"));
    work.resolve();
    await pass(999);
    expect([connection.state, peer.heard.length]).toEqual(["open", 10]);
    await pass(1);
    expect(peer.heard.slice(10)).toEqual(["Ping"]);
  });

  test("however short idleMs is", async () => {
    const { peer } = setUp({ onMessage: () => new Promise(() => {}) }, { ...keepalive, idleMs: 300 });
    peer.text("long work", "waits");
    for (let turn = 0; turn < 10; turn++) await pass(300);
    expect(peer.heard).toEqual(["Pong", "Pong", "Pong"]);
  });

  test("and none is sent where Pings are off", async () => {
    const { connection, peer } = setUp({ onMessage: () => new Promise(() => {}) }, { idleMs: 300 });
    peer.text("long work", "waits");
    for (let turn = 0; turn < 10; turn++) await pass(1_000);
    expect([connection.state, peer.heard]).toEqual(["open", []]);
  });

  test("because nobody takes its messages; and asked before that, it has the whole time to answer after it", async () => {
    const { connection, peer } = setUpAsking({}, { ...keepalive, pair: { chunkBytes: 70_000 } });
    await pass(1_000);
    expect(peer.heard).toEqual(["Ping"]);
    peer.text(...Array.from({ length: 65 }, () => "x"), ...Array.from({ length: 65 }, () => "y"));
    await pass(5_000);
    expect(connection.state).toBe("open");
    const signs = ["Ping", "Pong", "Pong", "Pong", "Pong", "Pong"];
    expect(peer.heard).toEqual(signs);
    for (let taken = 0; taken < 130; taken++) await connection.receive();
    await pass(999);
    expect(peer.heard).toEqual(signs);
    await pass(1);
    expect(peer.heard).toEqual([...signs, "Ping"]);
  });

  test("because the stream is full: that is for writeStallMs to judge", async () => {
    const { connection, peer, endings, outgoing } = setUp(
      {},
      { ...keepalive, idleMs: 1_500, writeStallMs: 20_000, pair: { highWaterBytes: 1_000 } },
    );
    await settled();
    peer.stream.pause();
    void connection.send("x".repeat(5_000));
    for (let turn = 0; turn < 19; turn++) await pass(1_000);
    expect([connection.state, outgoing.pong]).toEqual(["open", 0]);
    await pass(1_000);
    expect(connection.state).toBe("closing");
    await pass(5_000);
    expect(endings).toMatchObject([{ code: 1013, cause: "stalled" }]);
  });
});

describe("a WebSocket without messages", () => {
  const idle = { idleMs: 1_000 };

  test("is closed with 1001 after idleMs, and counted as idle", async () => {
    const { peer, limitsHit, endings } = setUp({}, idle);
    await pass(999);
    expect(peer.heard).toEqual([]);
    await pass(1);
    expect(peer.heard).toEqual(["Close 1001"]);
    expect(limitsHit).toEqual(["idle"]);
    peer.close(1001);
    peer.stream.end();
    await settled();
    expect(endings).toEqual([{ initiator: "gateway", code: 1001, cause: "idle" }]);
  });

  test("whatever Pings go to and fro", async () => {
    const { connection, peer } = setUp({}, { ...idle, pingIntervalMs: 100, pongMs: 100 });
    for (let turn = 0; turn < 20; turn++) {
      await pass(50);
      connection.ping().catch(() => {});
      peer.send(peer.frame(Opcode.Ping), peer.frame(Opcode.Pong));
    }
    await settled();
    expect(peer.heard).toContain("Close 1001");
  });

  test.each([
    { name: "comes", act: ({ peer }: ReturnType<typeof setUp>) => peer.text("x") },
    { name: "goes", act: ({ connection }: ReturnType<typeof setUp>) => void connection.send("x") },
    {
      name: "comes in parts",
      act: ({ peer }: ReturnType<typeof setUp>, turn: number) =>
        peer.send(peer.frame(turn === 0 ? Opcode.Text : Opcode.Continuation, "x", "more")),
    },
    {
      name: "comes byte by byte",
      act: ({ peer }: ReturnType<typeof setUp>, turn: number) =>
        peer.send(peer.frame(Opcode.Text, "long enough").subarray(turn && turn + 6, turn + 7)),
    },
  ])("is not one while one $name", async ({ act }) => {
    const it = setUp({}, idle);
    for (let turn = 0; turn < 8; turn++) {
      await pass(900);
      act(it, turn);
    }
    await settled();
    expect(it.connection.state).toBe("open");
  });

  test("nor while one goes in parts", async () => {
    const { connection } = setUp({}, idle);
    const stream = connection.sendStream("binary");
    for (let turn = 0; turn < 8; turn++) {
      await pass(900);
      stream.write("x");
    }
    await settled();
    expect(connection.state).toBe("open");
  });

  test("nor while a handler works on one, which may take longer", async () => {
    const work = Promise.withResolvers<void>();
    const { connection, peer } = setUp({ onMessage: () => work.promise }, idle);
    peer.text("long work");
    for (let turn = 0; turn < 10; turn++) await pass(1_000);
    expect(connection.state).toBe("open");
    work.resolve();
    await pass(1_000);
    expect(connection.state).toBe("closing");
  });
});

test("neither is watched where both are off, and then there is no timer", async () => {
  const { connection } = setUp({}, { pingIntervalMs: Infinity, idleMs: Infinity });
  await pass(1e9);
  expect(connection.state).toBe("open");
  expect(vi.getTimerCount()).toBe(0);
});

test("both are watched with one timer, which ends with the WebSocket", async () => {
  const { peer } = setUp({}, { ...keepalive, idleMs: 5_000 });
  await pass(1_000);
  expect(vi.getTimerCount()).toBe(1);
  peer.stream.abort("cancel");
  await settled();
  expect(vi.getTimerCount()).toBe(0);
});

test("by default a silent peer is asked, and a WebSocket may be silent", async () => {
  const { pingIntervalMs, pongMs, idleMs } = DefaultConnectionOptions;
  expect({ pingIntervalMs, pongMs, idleMs }).toEqual({ pingIntervalMs: 30_000, pongMs: 20_000, idleMs: Infinity });
});

test("the longest time that a timer can be is that long", async () => {
  const { connection, peer } = setUp({}, { pingIntervalMs: 2 ** 31 - 1 });
  await pass(2 ** 31 - 2);
  expect(peer.heard).toEqual([]);
  await pass(1);
  expect(peer.heard).toEqual(["Ping"]);
  expect(connection.state).toBe("open");
});
