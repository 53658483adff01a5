import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { type SetUp, settled, setUp } from "../support/websocket-peer.ts";

// The clock alone is false: what needs no time still happens by itself.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  if (timers > 0) throw new Error(`${timers} timers outlived the connection`);
});

async function pass(milliseconds: number): Promise<void> {
  await settled();
  vi.advanceTimersByTime(milliseconds);
  await settled();
}

/** Ends what is left, so that each test leaves no timer behind. */
async function leave({ peer }: SetUp): Promise<void> {
  peer.stream.abort("cancel");
  await settled();
}

describe("the closing handshake", () => {
  test("the server ends first, and it is over when the peer has ended too", async () => {
    const it = setUp();
    it.peer.close(1000);
    await settled();
    expect(it.peer.heard).toEqual(["Close 1000", "END"]);
    expect(it.closings).toHaveLength(1);
    expect(it.endings).toEqual([]);
    it.peer.stream.end();
    await settled();
    expect(it.endings).toHaveLength(1);
    expect(it.peer.ending).toEqual({ type: "ended" });
  });

  test("a peer that answers but does not end is reset after closeMs, though all was said", async () => {
    const it = setUp();
    it.peer.close(1000);
    await pass(4_999);
    expect(it.peer.ending).toBeUndefined();
    await pass(1);
    expect(it.peer.ending).toEqual({ type: "reset", code: 0 });
    expect(it.endings).toEqual([{ initiator: "client", code: 1000, cause: "close-frame" }]);
    expect(it.closings).toMatchObject([{ clean: true }]);
  });

  test("with lingerMs it is reset after that, unless it has not read everything yet", async () => {
    const it = setUp({}, { lingerMs: 1_000 });
    it.peer.close(1000);
    await pass(999);
    expect(it.peer.ending).toBeUndefined();
    await pass(1);
    expect(it.peer.ending).toEqual({ type: "reset", code: 0 });

    const slow = setUp({}, { lingerMs: 1_000, pair: { highWaterBytes: 10_000 } });
    slow.peer.stream.pause();
    void slow.connection.send(new Uint8Array(1_000));
    slow.peer.close(1000);
    await pass(1_000);
    expect(slow.endings).toEqual([]);
    await pass(4_000);
    expect(slow.endings).toHaveLength(1);
  });

  test("a peer that does not answer our Close is reset after closeMs", async () => {
    const it = setUp();
    void it.connection.close(4001);
    await pass(4_999);
    expect(it.closings).toEqual([]);
    await pass(1);
    expect(it.peer.heard).toEqual(["Close 4001"]);
    expect(it.peer.ending).toEqual({ type: "reset", code: 8 });
    expect(it.closings).toEqual([{ code: 4001, reason: "", initiator: "local", clean: false, error: undefined }]);
    expect(it.endings).toEqual([{ initiator: "gateway", code: 4001, cause: "close-frame" }]);
  });

  test("that it goes on sending does not give it more time", async () => {
    const it = setUp();
    void it.connection.close(4001);
    for (let second = 0; second < 5; second++) {
      it.peer.text("still talking");
      await pass(1_000);
    }
    expect(it.told).toEqual(["open", "close 4001"]);
    expect(it.peer.ending).toEqual({ type: "reset", code: 8 });
  });

  test.each([
    { name: "close()", act: (it: SetUp) => it.connection.close(4001), code: 4001, cause: "close-deadline" },
    { name: "drain()", act: (it: SetUp) => it.connection.drain(1012, "drain"), code: 1012, cause: "drain" },
  ])("a Close of $name that cannot even leave meets the deadline", async ({ act, code, cause }) => {
    const it = setUp({}, { pair: { highWaterBytes: 10_000 } });
    it.peer.stream.pause();
    void it.connection.send("x".repeat(200));
    act(it);
    await pass(5_000);
    expect(it.peer.heard).toEqual([]);
    expect(it.peer.ending).toEqual({ type: "reset", code: 8 });
    expect(it.endings).toEqual([{ initiator: "gateway", code, cause }]);
    expect(it.limitsHit).toEqual(["close_deadline"]);
  });

  test("a peer that answers but takes nothing is cancelled, since not all was said", async () => {
    const it = setUp();
    await settled();
    it.peer.stream.pause();
    it.peer.close(1000);
    await pass(5_000);
    expect(it.peer.heard).toEqual([]);
    expect(it.peer.ending).toEqual({ type: "reset", code: 8 });
  });

  test("a Close that was held back behind the handler's work is read once ours has gone", async () => {
    const it = setUp({ onMessage: () => new Promise(() => {}) });
    it.peer.send(it.peer.frame(Opcode.Text, "endless"), it.peer.frame(Opcode.Close));
    await settled();
    expect(it.told).toEqual(["open", "endless"]);
    it.connection.drain(1012, "drain");
    await settled();
    expect(it.told).toEqual(["open", "endless", "close 1012"]);
    expect(it.closings).toMatchObject([{ clean: true }]);
    await leave(it);
  });

  test("a Close is read though the handler is still at work, once ours has gone", async () => {
    const it = setUp({ onMessage: () => new Promise(() => {}) });
    it.peer.text("endless", "never delivered");
    await settled();
    it.connection.drain(1012, "drain");
    it.peer.close(1012);
    await settled();
    expect(it.told).toEqual(["open", "endless", "close 1012"]);
    expect(it.peer.heard).toEqual(["Close 1012", "END"]);
    await leave(it);
  });

  test("no message is delivered after our own Close, not even of the same read", async () => {
    const it = setUp({ onMessage: (connection) => connection.close() });
    it.peer.text("first", "second");
    await settled();
    it.peer.text("third");
    await settled();
    expect(it.told).toEqual(["open", "first"]);
    await leave(it);
  });

  test("a handler that fails because the peer has left has not failed", async () => {
    const left = Promise.withResolvers<void>();
    const it = setUp({
      async onMessage(connection, message) {
        await left.promise;
        await connection.send(message);
      },
    });
    it.peer.text("a");
    await settled();
    it.peer.stream.abort("cancel");
    await settled();
    left.resolve();
    await settled();
    expect(it.errors).toEqual([]);
    expect(it.endings).toEqual([{ initiator: "client", code: 1006, cause: "reset" }]);
  });
});

describe("a peer that takes nothing", () => {
  const pair = { highWaterBytes: 1_000, chunkBytes: 100 };

  test("for writeStallMs is told 1013, and after closeMs it is reset", async () => {
    const it = setUp({}, { pair });
    await settled();
    it.peer.stream.pause();
    const sent = it.connection.send(new Uint8Array(5_000));
    await pass(59_999);
    expect(it.connection.bufferedBytes).toBe(5_004);
    await pass(1);
    expect(it.connection.bufferedBytes).toBe(5_008);
    await pass(5_000);
    await expect(sent).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
    expect(it.peer.ending).toEqual({ type: "reset", code: 8 });
    expect(it.closings).toMatchObject([{ code: 1013, initiator: "local", clean: false }]);
    expect(it.endings).toEqual([{ initiator: "gateway", code: 1013, cause: "stalled" }]);
    expect(it.limitsHit).toEqual(["write_stall", "close_deadline"]);
  });

  test("is not saved by what is sent to it meanwhile, nor by what it took before", async () => {
    const it = setUp({}, { pair });
    await settled();
    it.peer.stream.pause();
    void it.connection.send(new Uint8Array(5_000));
    it.peer.stream.resume();
    await Promise.resolve();
    it.peer.stream.pause();
    await pass(60_000);
    expect(it.peer.receivedBytes).toBeGreaterThan(0);
    expect(it.connection.bufferedBytes).toBe(5_004 - it.peer.receivedBytes);
    void it.connection.send(new Uint8Array(1_000));
    await pass(60_000);
    await pass(5_000);
    expect(it.endings).toEqual([{ initiator: "gateway", code: 1013, cause: "stalled" }]);
  });

  test("is not one that takes little: it may take its time, even if more is sent than it takes", async () => {
    const it = setUp({}, { pair });
    await settled();
    it.peer.stream.pause();
    void it.connection.send(new Uint8Array(5_000));
    for (let minute = 0; minute < 10; minute++) {
      void it.connection.send(new Uint8Array(1_000));
      it.peer.stream.resume();
      await Promise.resolve();
      it.peer.stream.pause();
      await pass(60_000);
    }
    expect(it.peer.receivedBytes).toBeGreaterThan(0);
    expect(it.peer.receivedBytes).toBeLessThan(4_000);
    expect(it.endings).toEqual([]);
    await leave(it);
  });

  test("and then everything has stalled no longer", async () => {
    const it = setUp({}, { pair });
    await settled();
    it.peer.stream.pause();
    const sent = it.connection.send(new Uint8Array(5_000));
    await pass(50_000);
    it.peer.stream.resume();
    await sent;
    await pass(100_000);
    expect(it.closings).toEqual([]);
    await leave(it);
  });
});
