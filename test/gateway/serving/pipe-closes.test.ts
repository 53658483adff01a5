import { describe, expect, test } from "vitest";
import type { Pipe } from "../../../src/gateway/serving/pipe.ts";
import { hex, joined } from "../../support/bits.ts";
import { everyCut } from "../../support/cuts.ts";
import { close1000, hello, long, openPipe, ownClose } from "../../support/pipe-bench.ts";

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
