import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
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

describe("ping", () => {
  test("tells how long the Pong took", async () => {
    const { connection, peer } = setUp();
    const trip = connection.ping();
    await pass(12);
    peer.send(peer.frame(Opcode.Pong, peer.payloads[0]));
    expect(await trip).toBeCloseTo(12, 6);
  });

  test("several at once, each with its own, and a Pong answers those before it too", async () => {
    const { connection, peer } = setUp();
    const first = connection.ping();
    await pass(10);
    const second = connection.ping();
    const third = connection.ping();
    await pass(10);
    peer.send(peer.frame(Opcode.Pong, peer.payloads[1]));
    expect(await Promise.all([first, second])).toEqual([20, 10]);
    await pass(5);
    peer.send(peer.frame(Opcode.Pong, peer.payloads[2]));
    expect(await third).toBe(15);
  });

  test.each([
    { name: "empty", payload: new Uint8Array(0) },
    { name: "with something in it", payload: new TextEncoder().encode("heartbeat") },
    { name: "with a number that is still to come", payload: Uint8Array.of(0x40, 0, 0, 0, 0, 0, 0, 0) },
  ])("is not answered by a Pong that nobody asked for, $name", async ({ payload }) => {
    const { connection, peer } = setUp();
    const trip = connection.ping();
    peer.send(peer.frame(Opcode.Pong, payload));
    await pass(7);
    peer.send(peer.frame(Opcode.Pong, peer.payloads[0]));
    expect(await trip).toBe(7);
    expect(connection.state).toBe("open");
  });

  test("gives up by its signal and its time; the late Pong harms nothing", async () => {
    const { connection, peer } = setUp();
    const abort = new AbortController();
    const given = connection.ping({ signal: abort.signal });
    const late = connection.ping({ timeoutMs: 5 });
    abort.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    const failed = late.catch((error: unknown) => error);
    await pass(5);
    expect(await failed).toMatchObject({ code: "WS_WAIT_TIMEOUT" });
    peer.send(peer.frame(Opcode.Pong, peer.payloads[0]), peer.frame(Opcode.Pong, peer.payloads[1]));
    await settled();
    expect(connection.state).toBe("open");
  });

  test.each([
    { name: "our Close", end: (us: WebSocketConnection) => void us.close() },
    { name: "abort", end: (us: WebSocketConnection) => us.abort() },
  ])("is refused by $name, and after it", async ({ end }) => {
    const { connection } = setUp();
    const trip = connection.ping();
    end(connection);
    await expect(trip).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
    await expect(connection.ping()).rejects.toMatchObject({ code: "WS_NOT_OPEN", origin: "caller" });
  });

  test("is refused when the peer ends it", async () => {
    const { connection, peer } = setUp();
    const trip = connection.ping();
    peer.stream.end();
    await expect(trip).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
  });

  test("has a bound: too many that nobody answers are too much to wait", async () => {
    const { connection, limitsHit } = setUp({}, { maxBufferedBytes: 100_000 });
    const trips = Array.from({ length: 200 }, () => connection.ping());
    const outcomes = await Promise.allSettled(trips);
    const reasons = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : undefined));
    expect(reasons.filter(({ code }) => code === "WS_BUFFER_FULL")).toHaveLength(1);
    expect(limitsHit).toEqual(["buffered_bytes"]);
  });

  test("works between two of ours, both ways", async () => {
    const { client, server } = connectionPair();
    expect(await client.ping()).toBe(0);
    expect(await server.ping()).toBe(0);
  });
});

describe("Pings and Pongs are told", () => {
  test("to the handler, in their place among the messages", async () => {
    const heard: string[] = [];
    const decoder = new TextDecoder();
    const { peer } = setUpAsking({
      onMessage: (_, message) => void heard.push(String(message)),
      onPing: (_, payload) => void heard.push(`ping ${decoder.decode(payload)}`),
      onPong: (_, payload) => void heard.push(`pong ${decoder.decode(payload)}`),
    });
    peer.send(
      peer.frame(Opcode.Text, "a"),
      peer.frame(Opcode.Ping, "1"),
      peer.frame(Opcode.Text, "b"),
      peer.frame(Opcode.Pong, "2"),
    );
    await settled();
    expect(heard).toEqual(["a", "ping 1", "b", "pong 2"]);
    expect(peer.heard).toEqual(["Pong 1"]);
  });

  test.each(["onPing", "onPong"] as const)(
    "one that throws in %s: its Pong leaves, then the Close, and it is told",
    async (method) => {
      const { peer, errors } = setUpAsking({
        onMessage: () => {},
        [method]: () => {
          throw new Error("mine");
        },
      });
      peer.send(peer.frame(Opcode.Ping, "?"), peer.frame(Opcode.Pong));
      await settled();
      expect(peer.heard).toEqual(["Pong ?", "Close 1011", "END"].slice(0, peer.heard.length));
      expect(peer.heard).toContain("Close 1011");
      expect(errors).toEqual([new Error("mine")]);
    },
  );

  test("and that there is room again, to who waited", async () => {
    let drains = 0;
    const { connection, peer } = setUpAsking({ onDrain: () => void drains++ }, { pair: { highWaterBytes: 1_000 } });
    await settled();
    await connection.send("fits");
    await settled();
    expect(drains).toBe(0);
    peer.stream.pause();
    void connection.send("x".repeat(2_000));
    await settled();
    expect(drains).toBe(0);
    peer.stream.resume();
    await settled();
    expect(drains).toBe(1);
  });
});

describe.each([
  { name: "Pings", opcode: Opcode.Ping },
  { name: "Pongs", opcode: Opcode.Pong },
])("$name are held to a rate", ({ opcode }) => {
  const rate = { controlFrameBurst: 10, controlFramesPerSecond: 2 };

  test("more at once than may is 1008, and counted as a limit", async () => {
    const { peer, limitsHit, errors, endings } = setUp({}, rate);
    peer.send(...Array.from({ length: 11 }, () => peer.frame(opcode)));
    await settled();
    expect(peer.heard.filter((line) => line === "Pong")).toHaveLength(opcode === Opcode.Ping ? 10 : 0);
    expect(peer.heard.some((line) => line.startsWith("Close 1008"))).toBe(true);
    expect(errors).toMatchObject([{ code: "WS_TOO_MANY_CONTROL_FRAMES", closeCode: 1008, origin: "peer" }]);
    expect(limitsHit).toEqual(["control_frames"]);
    peer.stream.end();
    await settled();
    expect(endings).toEqual([{ initiator: "gateway", code: 1008, cause: "limit" }]);
  });

  test("as many as the rate gives may go on for ever, within a message too", async () => {
    const { connection, peer } = setUp({}, rate);
    peer.send(peer.frame(Opcode.Text, "begun", "more"), ...Array.from({ length: 10 }, () => peer.frame(opcode)));
    for (let second = 0; second < 100; second++) {
      await pass(1_000);
      peer.send(peer.frame(opcode), peer.frame(opcode));
    }
    await settled();
    expect(connection.state).toBe("open");
  });

  test("a Close is none of them", async () => {
    const { peer, closings } = setUp({}, rate);
    peer.send(...Array.from({ length: 10 }, () => peer.frame(opcode)));
    peer.close(1000);
    await settled();
    expect(closings).toMatchObject([{ code: 1000, clean: true }]);
  });

  test("with no rate any number may come, and 256 at once with the default", async () => {
    const free = setUp({}, { controlFramesPerSecond: Infinity });
    free.peer.send(...Array.from({ length: 2_000 }, () => free.peer.frame(opcode)));
    const usual = setUp();
    usual.peer.send(...Array.from({ length: 257 }, () => usual.peer.frame(opcode)));
    await settled();
    expect(free.connection.state).toBe("open");
    expect(usual.limitsHit).toEqual(["control_frames"]);
  });
});
