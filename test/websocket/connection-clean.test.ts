import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { closeFrame } from "../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import type { ByteConsumer, ByteStream } from "../../src/transport/byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import { askedFor } from "../support/asked-for.ts";
import { type SetUp, settled, setUp } from "../support/websocket-peer.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Both Closes are said, but ours waits: the peer takes nothing. */
const Closes: readonly { first: string; close: (setUp: SetUp) => Promise<void> }[] = [
  {
    first: "the peer's",
    async close({ peer }) {
      peer.close(4000, "bye");
      await settled();
    },
  },
  {
    first: "ours",
    async close({ connection, peer }) {
      void connection.close(4000, "bye");
      peer.close(4000);
      await settled();
    },
  },
];

describe.each(["server", "client"] as const)("of a %s", (role) => {
  describe.each(Closes)("where $first came first, our Close", ({ close }) => {
    test("that has not left ends nothing yet; when it has, the end is told, and is clean", async () => {
      const it = setUp({}, { role, closeMs: 1_000 });
      it.peer.stream.pause();
      void it.connection.send("waits");
      await close(it);
      expect([it.connection.state, it.closings]).toEqual(["closed", []]);
      await expect(it.connection.send("late")).rejects.toMatchObject({ code: "WS_NOT_OPEN" });
      it.peer.stream.resume();
      await settled();
      expect(it.closings).toMatchObject([{ code: 4000, clean: true, peerClose: { code: 4000 } }]);
      expect(await it.connection.closed).toBe(it.closings[0]);
      expect(it.peer.heard.slice(0, 2)).toMatchObject(["Text waits", expect.stringMatching(/^Close 4000/)]);
    });

    test("that never leaves makes it an end that is not clean, at the deadline", async () => {
      const it = setUp({}, { role, closeMs: 1_000 });
      it.peer.stream.pause();
      await close(it);
      vi.advanceTimersByTime(1_000);
      await settled();
      expect(it.closings).toMatchObject([{ code: 4000, clean: false, peerClose: { code: 4000 } }]);
      expect(await it.connection.closed).toBe(it.closings[0]);
      expect(it.endings).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    });

    test("that never leaves since the connection is lost makes it an end that is not clean", async () => {
      const it = setUp({}, { role, closeMs: 1_000 });
      it.peer.stream.pause();
      await close(it);
      it.peer.stream.loseConnection();
      await settled();
      expect(it.closings).toMatchObject([{ code: 4000, clean: false }]);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

test.each([
  { type: "ended", clean: true },
  { type: "connection-lost", clean: false },
] as const)(
  "what is told of a stream that is $type before it tells that our Close has left",
  async ({ type, clean }) => {
    let consumer: ByteConsumer | undefined;
    const stream: ByteStream = {
      lifetime: "kept",
      bufferedBytes: 0,
      highWaterBytes: 65_536,
      start: (given) => void (consumer = given),
      write: () => false,
      pause: () => undefined,
      resume: () => undefined,
      end: () => undefined,
      abort: () => undefined,
    };
    const connection = new WebSocketConnection(stream, { role: "client", request: askedFor(), subprotocol: undefined });
    const close = encodeFrame(closeFrame(4000));
    consumer?.onBytes(close, 0, close.length);
    consumer?.onEnd();
    consumer?.onClose({ type });
    expect(await connection.closed).toMatchObject({ code: 4000, clean });
  },
);
