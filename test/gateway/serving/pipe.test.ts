import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pipe, type PipeEvent } from "../../../src/gateway/serving/pipe.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import type { ByteStream, BytesLifetime } from "../../../src/transport/byte-stream.ts";
import { hex, joined } from "../../support/bits.ts";
import { cutAt, everyCut } from "../../support/cuts.ts";

const StallMs = 60_000;

/** What the receiver was given, or the sender was asked; the same array as the one that was written, not a copy. */
interface Write {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly lifetime: BytesLifetime;
}

/** A stream that takes what it gets, `false` while it is `full`, and copies what may not be kept, as the contract says. */
function receiver() {
  const writes: Write[] = [];
  const taken: Uint8Array[] = [];
  const state = { full: false, bufferedBytes: 0 };
  const stream: ByteStream = {
    lifetime: "kept",
    get bufferedBytes() {
      return state.bufferedBytes;
    },
    start: () => undefined,
    write: (bytes, start, end, lifetime) => {
      writes.push({ bytes, start, end, lifetime });
      taken.push(bytes.slice(start, end));
      return !state.full;
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    abort: () => undefined,
  };
  return { stream, writes, state, received: () => joined(taken) };
}

function sender(lifetime: BytesLifetime) {
  const calls: string[] = [];
  const stream: ByteStream = {
    ...receiver().stream,
    lifetime,
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
  };
  return { stream, calls };
}

interface PipeSetup {
  readonly from?: "client" | "upstream";
  readonly allowedRsv?: number;
  readonly lifetime?: BytesLifetime;
}

function openPipe({ from = "client", allowedRsv = 0, lifetime = "call" }: PipeSetup = {}) {
  const to = receiver();
  const source = sender(lifetime);
  const traffic = new Traffic();
  const events: PipeEvent[] = [];
  const pipe = new Pipe(source.stream, to.stream, {
    sender: from === "client" ? "client" : "server",
    allowedRsv,
    stallMs: StallMs,
    traffic,
    tell: (event) => void events.push(event),
  });
  const take = (...chunks: Uint8Array[]): void => {
    // Somewhere inside a larger buffer, as a read leaves it.
    for (const chunk of chunks) pipe.take(joined([hex("ee"), chunk, hex("ee")]), 1, 1 + chunk.length);
  };
  return { pipe, take, traffic, events, calls: source.calls, ...to };
}

const hello = hex("81 85 01020304 69676f6b6e");
const fragment = hex("01 82 0a0b0c0d 0001");
const ping = hex("89 80 00000000");
const last = hex("80 81 ffffffff 00");
const long = joined([hex("82 fe 0100 00000001"), new Uint8Array(256).fill(7)]);
const close1000 = hex("88 84 01010101 02e9 6162");
const ownClose = hex("88 02 03f4");
const message = joined([hello, fragment, ping, last, long]);

describe("passing on", () => {
  test("hands on one chunk of whole frames as one write of the same bytes", () => {
    const { pipe, writes } = openPipe({ lifetime: "kept" });
    const chunk = joined([hex("ffff"), message, hex("ffff")]);
    pipe.take(chunk, 2, 2 + message.length);
    expect(writes).toEqual([{ bytes: chunk, start: 2, end: 2 + message.length, lifetime: "kept" }]);
    expect(writes[0]?.bytes).toBe(chunk);
  });

  test("hands on payload as it comes, however long the frame is", () => {
    const { pipe, writes } = openPipe();
    pipe.take(hex("82 ff 0000000100000000 00000000 aa"), 0, 15);
    const chunk = new Uint8Array(1_000);
    for (let round = 0; round < 5; round++) pipe.take(chunk, 3, 997);
    expect(writes.map(({ start, end }) => [start, end])).toEqual([
      [0, 15],
      [3, 997],
      [3, 997],
      [3, 997],
      [3, 997],
      [3, 997],
    ]);
    expect(writes[5]?.bytes).toBe(chunk);
  });

  test.each([
    { cut: 1, writes: [hex("82"), long.subarray(1)] },
    { cut: 7, writes: [long.subarray(0, 7), long.subarray(7)] },
    { cut: 8, writes: [long.subarray(0, 8), long.subarray(8)] },
    { cut: 9, writes: [long.subarray(0, 9), long.subarray(9)] },
  ])("copies of a header cut behind byte $cut only what came before the cut", ({ cut, writes: expected }) => {
    const { pipe, writes } = openPipe({ lifetime: "kept" });
    pipe.take(long, 0, cut);
    expect(writes).toHaveLength(cut < 8 ? 0 : 1);
    pipe.take(long, cut, long.length);
    expect(writes.map(({ bytes, start, end }) => bytes.slice(start, end))).toEqual(expected);
    expect(writes[0]?.lifetime).toBe(cut < 8 ? "call" : "kept");
    expect(writes[1]?.bytes).toBe(long);
  });

  test("hands on a message in whatever pieces it comes, and counts it once", () => {
    everyCut(message, (chunks) => {
      const { take, received, traffic, pipe } = openPipe();
      take(...chunks);
      expect(received()).toEqual(message);
      expect(traffic).toEqual({
        bytes: message.length,
        text: 2,
        continuation: 1,
        binary: 1,
        ping: 1,
        pong: 0,
        close: 0,
      });
      expect(pipe.midFrame).toBe(false);
    });
  });

  test("passes RSV1 on the first frame of a message when it was negotiated", () => {
    const { take, received, events } = openPipe({ allowedRsv: 0b100 });
    take(hex("c1 80 00000000"));
    expect(received()).toEqual(hex("c1 80 00000000"));
    take(hex("d0 80 00000000"));
    expect(events).toEqual([{ type: "rule-broken", rule: "WS_RSV_UNEXPECTED" }]);
  });

  test("knows at each byte whether the receiver stands in a frame", () => {
    const { take, pipe } = openPipe({ from: "upstream" });
    const wire = hex("81 02 6869   89 00   82 7e 007e".concat("00".repeat(126), "88 02 03e8"));
    const inside: number[] = [];
    for (let length = 1; length <= wire.length; length++) {
      take(wire.subarray(length - 1, length));
      if (pipe.midFrame) inside.push(length);
    }
    const inLongFrame = Array.from({ length: 126 }, (_, index) => 10 + index);
    expect(inside).toEqual([2, 3, ...inLongFrame]);
  });
});

describe("what is forbidden", () => {
  const bad = hex("83 83 00000000 010203");

  test("never begins at the receiver, and what came before it goes on", () => {
    everyCut(joined([message, bad, hello]), (chunks) => {
      const { take, received, traffic, events } = openPipe();
      take(...chunks);
      expect(received()).toEqual(message);
      expect(traffic.bytes).toBe(message.length);
      expect(events).toEqual([{ type: "rule-broken", rule: "WS_OPCODE_RESERVED" }]);
    });
  });

  test("leaves the receiver at a boundary, where a Close may go in", () => {
    const { take, pipe, received } = openPipe();
    take(joined([hello, bad.subarray(0, 7)]));
    expect(pipe.midFrame).toBe(false);
    pipe.insertClose(ownClose);
    take(bad.subarray(7));
    expect(received()).toEqual(joined([hello, ownClose]));
  });

  test("does not hide the sender's Close behind it", () => {
    everyCut(joined([bad, hello, close1000]), (chunks) => {
      const { take, pipe, events, received } = openPipe();
      pipe.insertClose(ownClose);
      take(...chunks);
      expect(events).toEqual([{ type: "close-received", code: 1000 }]);
      expect(received()).toEqual(ownClose);
    });
  });

  test("hides what follows it where its length cannot be read", () => {
    const { take, pipe, events, received } = openPipe();
    take(joined([hello, hex("82 fe 0001 00000000"), hello, close1000]));
    expect(events).toEqual([{ type: "rule-broken", rule: "WS_LENGTH_NOT_MINIMAL" }]);
    expect(received()).toEqual(hello);
    expect(pipe).toMatchObject({ sourceOver: true, closeReceived: false, midFrame: false });
  });

  test("is judged by who sends it: a server does not mask", () => {
    const { take, events, received } = openPipe({ from: "upstream" });
    take(joined([hex("82 01 00"), hello]));
    expect(received()).toEqual(hex("82 01 00"));
    expect(events).toEqual([{ type: "rule-broken", rule: "WS_MASK_UNEXPECTED" }]);
  });
});

describe("the sender's Close", () => {
  test("waits until it is whole, goes on unchanged, and nothing behind it", () => {
    everyCut(joined([hello, close1000, hello]), (chunks) => {
      const { take, received, traffic, events, pipe } = openPipe();
      take(...chunks);
      expect(received()).toEqual(joined([hello, close1000]));
      expect(traffic).toMatchObject({ bytes: hello.length + close1000.length, text: 1, close: 1 });
      expect(events).toEqual([{ type: "close-received", code: 1000 }]);
      expect(pipe).toMatchObject({ closeReceived: true, closeSent: true, midFrame: false });
    });
  });

  test("does not go on in part", () => {
    const { take, received, pipe } = openPipe();
    take(close1000.subarray(0, -1));
    expect(received()).toHaveLength(0);
    expect(pipe.midFrame).toBe(false);
  });

  test.each([
    { what: "without a code", wire: hex("88 80 01020304"), code: 1005 },
    {
      what: "with the longest reason",
      wire: joined([hex("88 fd 00000000 0fa0"), new Uint8Array(123).fill(97)]),
      code: 4000,
    },
  ])("may be one $what", ({ wire, code }) => {
    const { take, received, events } = openPipe();
    take(wire);
    expect(received()).toEqual(wire);
    expect(events).toEqual([{ type: "close-received", code }]);
  });

  test.each([
    { what: "one byte", wire: hex("88 81 00000000 03"), rule: "WS_CLOSE_PAYLOAD_INVALID" },
    { what: "a code that is for reports only", wire: hex("88 82 00000000 03ee"), rule: "WS_CLOSE_CODE_INVALID" },
    { what: "a reason that is no UTF-8", wire: hex("88 83 00000000 03e8 ff"), rule: "WS_CLOSE_REASON_NOT_UTF8" },
  ])("does not go on with $what", ({ wire, rule }) => {
    const { take, received, events, pipe } = openPipe();
    take(wire);
    expect(received()).toHaveLength(0);
    expect(events).toEqual([{ type: "rule-broken", rule }]);
    expect(pipe).toMatchObject({ closeReceived: true, closeSent: false });
  });

  test("is taken from bytes that change afterwards", () => {
    const { pipe, received } = openPipe();
    const buffer = close1000.slice();
    pipe.take(buffer, 0, 8);
    buffer.fill(0xdd, 0, 8);
    pipe.take(buffer, 8, buffer.length);
    expect(received()).toEqual(close1000);
  });
});

describe("a Close of the gateway's own", () => {
  test("goes at once between two frames, also where the next header has begun", () => {
    for (const begun of [hello, joined([hello, long.subarray(0, 7)])]) {
      const { take, pipe, received, traffic } = openPipe();
      take(begun);
      pipe.insertClose(ownClose);
      take(long.subarray(begun.length - hello.length));
      expect(received()).toEqual(joined([hello, ownClose]));
      expect(traffic).toMatchObject({ bytes: hello.length + 4, text: 1, binary: 0, close: 1 });
    }
  });

  test("waits for the end of the frame that is on its way, and nothing follows it", () => {
    everyCut(joined([long.subarray(20), hello, close1000]), (chunks) => {
      const { take, pipe, received, events } = openPipe();
      take(long.subarray(0, 20));
      pipe.insertClose(ownClose);
      expect(pipe.midFrame).toBe(true);
      take(...chunks);
      expect(received()).toEqual(joined([long, ownClose]));
      expect(events).toEqual([{ type: "close-sent" }, { type: "close-received", code: 1000 }]);
    });
  });

  test("takes the place of a Close that came in part", () => {
    const { take, pipe, received, events } = openPipe();
    take(close1000.subarray(0, 7));
    pipe.insertClose(ownClose);
    take(close1000.subarray(7));
    expect(received()).toEqual(ownClose);
    expect(events).toEqual([{ type: "close-received", code: 1000 }]);
  });

  test.each([
    {
      when: "behind the sender's",
      before: (pipe: Pipe) => pipe.take(close1000, 0, close1000.length),
      received: close1000,
    },
    { when: "a second time", before: (pipe: Pipe) => pipe.insertClose(ownClose), received: ownClose },
    { when: "to a receiver that takes nothing more", before: (pipe: Pipe) => pipe.shut(), received: hex("") },
  ])("does not go $when", ({ before, received: expected }) => {
    const { pipe, received } = openPipe();
    before(pipe);
    pipe.insertClose(ownClose);
    expect(received()).toEqual(expected);
  });

  test("is not sent once the receiver is shut in the middle of the last frame", () => {
    const { take, pipe, received, traffic } = openPipe();
    take(long.subarray(0, 20));
    pipe.insertClose(ownClose);
    pipe.shut();
    take(long.subarray(20));
    expect(received()).toEqual(long.subarray(0, 20));
    expect(traffic.close).toBe(0);
  });
});

describe("a receiver that takes nothing more", () => {
  test("gets nothing, and the sender is read until its Close", () => {
    everyCut(joined([message, close1000]), (chunks) => {
      const { take, pipe, received, traffic, events } = openPipe();
      pipe.shut();
      take(...chunks);
      expect(received()).toHaveLength(0);
      expect(traffic.bytes).toBe(0);
      expect(events).toEqual([{ type: "close-received", code: 1000 }]);
    });
  });

  test.each([
    { what: "a length that cannot be read", wire: hex("82 fe 0001 00000000") },
    { what: "a Close that is not one", wire: hex("88 fe 007e 00000000") },
    { what: "a Close without a mask", wire: hex("88 00") },
  ])("is not told of a Close behind $what", ({ wire }) => {
    const { take, pipe, events } = openPipe();
    pipe.shut();
    take(joined([wire, close1000]));
    expect(events).toEqual([]);
    expect(pipe).toMatchObject({ sourceOver: true, closeReceived: false });
  });
});

describe("backpressure", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("holds the sender back while the receiver is full, with one timer, and with none otherwise", () => {
    const { take, pipe, state, calls } = openPipe();
    take(hello);
    expect(vi.getTimerCount()).toBe(0);
    state.full = true;
    take(hello, hello);
    expect(calls).toEqual(["pause"]);
    expect(vi.getTimerCount()).toBe(1);
    pipe.drained();
    pipe.drained();
    expect(calls).toEqual(["pause", "resume"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("reports a receiver that takes nothing for the whole deadline, once", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    vi.advanceTimersByTime(StallMs - 1);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(events).toEqual([{ type: "stalled" }]);
    vi.advanceTimersByTime(10 * StallMs);
    expect(events).toHaveLength(1);
  });

  test("lets a slow receiver be slow: the deadline begins anew as long as it takes something", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    for (let round = 0; round < 5; round++) {
      state.bufferedBytes -= 1;
      vi.advanceTimersByTime(StallMs);
    }
    expect(events).toEqual([]);
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([{ type: "stalled" }]);
  });

  test("does not take for progress what came in while the sender was being paused", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    state.bufferedBytes = 900;
    take(hello);
    state.bufferedBytes = 899;
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([{ type: "stalled" }]);
  });

  test.each([
    { what: "a Close of our own", act: (pipe: Pipe) => pipe.insertClose(ownClose) },
    { what: "the sender's Close", act: (pipe: Pipe) => pipe.take(close1000, 0, close1000.length) },
    { what: "the end of the receiver", act: (pipe: Pipe) => pipe.shut() },
  ])("ends with $what: nothing more is to be passed on", ({ act }) => {
    const { take, pipe, state, calls } = openPipe();
    state.full = true;
    take(hello);
    act(pipe);
    expect(calls).toEqual(["pause", "resume"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes on for the rest of the last frame", () => {
    const { take, pipe, state, calls } = openPipe();
    state.full = true;
    take(long.subarray(0, 20));
    pipe.insertClose(ownClose);
    expect(calls).toEqual(["pause"]);
    pipe.drained();
    take(long.subarray(20));
    expect(calls).toEqual(["pause", "resume", "pause", "resume"]);
  });
});

test("any bytes in any cut: what goes on is a prefix of what came", () => {
  const anyWire = fc.array(
    fc.oneof(fc.constantFrom(hello, fragment, ping, last, long, close1000), fc.uint8Array({ maxLength: 20 })),
  );
  fc.assert(
    fc.property(anyWire, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (parts, sizes) => {
      const wire = joined(parts);
      const { take, received, traffic, events } = openPipe();
      take(...cutAt(wire, sizes));
      const passed = received();
      expect(passed).toEqual(wire.subarray(0, passed.length));
      expect(traffic.bytes).toBe(passed.length);
      expect(events.length).toBeLessThanOrEqual(2);
    }),
  );
});
