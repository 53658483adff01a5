import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex, joined } from "../../support/bits.ts";
import { cutAt, everyCut } from "../../support/cuts.ts";
import { close1000, fragment, hello, last, long, message, openPipe, ownClose, ping } from "../../support/pipe-bench.ts";

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
      expect(traffic).toMatchObject({
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
