import { deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deflateMessage, inflateMessage } from "../../../src/protocol/message/raw-deflate.ts";
import { SlidingWindow } from "../../../src/protocol/message/sliding-window.ts";
import { hex, joined } from "../../support/bits.ts";
import { outcomeOf } from "../../support/outcome.ts";
import { longestDistance } from "../../support/deflate-distances.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Inflates `payloads` one after the other, with one window. */
function inflateAll(
  payloads: readonly Uint8Array[],
  options: { maxBytes?: number; windowBits?: number } = {},
): string[] {
  const { maxBytes = 1_000_000, windowBits = 15 } = options;
  const window = new SlidingWindow(windowBits);
  return payloads.map((payload) =>
    new TextDecoder().decode(inflateMessage(payload, window, windowBits, { maxBytes, code: "WS_MESSAGE_TOO_BIG" })),
  );
}

/** `text` as a stream of its own that says it is final. */
const finalStream = (text: string): Uint8Array => new Uint8Array(deflateRawSync(bytesOf(text)));

describe("the examples of RFC 7692 §7.2.3", () => {
  test.each([
    { name: "7.2.3.1 one block", payloads: [hex("f2 48 cd c9 c9 07 00")], texts: ["Hello"] },
    {
      name: "7.2.3.2 the window shared by two messages",
      payloads: [hex("f2 48 cd c9 c9 07 00"), hex("f2 00 11 00 00")],
      texts: ["Hello", "Hello"],
    },
    { name: "7.2.3.3 no compression", payloads: [hex("00 05 00 fa ff 48 65 6c 6c 6f 00")], texts: ["Hello"] },
    { name: "7.2.3.4 BFINAL set", payloads: [hex("f3 48 cd c9 c9 07 00 00")], texts: ["Hello"] },
    { name: "7.2.3.5 two blocks", payloads: [hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")], texts: ["Hello"] },
    { name: "7.2.3.6 an empty message", payloads: [hex("00")], texts: [""] },
  ])("$name", ({ payloads, texts }) => {
    expect(inflateAll(payloads)).toEqual(texts);
  });

  test("come out of our own side too", () => {
    const window = new SlidingWindow(15);
    const hello = bytesOf("Hello");
    expect(deflateMessage(hello, window, { level: 6, windowBits: 15 })).toEqual(Buffer.from("f248cdc9c90700", "hex"));
    window.push(hello);
    expect(deflateMessage(hello, window, { level: 6, windowBits: 15 })).toEqual(Buffer.from("f200110000", "hex"));
  });
});

describe("final blocks", () => {
  test("may be followed by more of the message, which refers back beyond them", () => {
    const window = new SlidingWindow(15);
    window.push(bytesOf("context takeover "));
    const rest = deflateMessage(bytesOf("context takeover again"), window, { level: 6, windowBits: 15 });
    expect(rest.length).toBeLessThan(15);
    expect(inflateAll([joined([finalStream("context takeover "), rest])])).toEqual([
      "context takeover context takeover again",
    ]);
  });

  test("leave the window to the next message", () => {
    const payloads = [hex("f3 48 cd c9 c9 07 00 00"), hex("f2 00 11 00 00")];
    expect(inflateAll(payloads)).toEqual(["Hello", "Hello"]);
  });

  test("are refused where they are too many: each costs a call of zlib", () => {
    const empty = hex("03 00");
    expect(inflateAll([joined([...Array<Uint8Array>(16).fill(empty), hex("00")])])).toEqual([""]);
    const many = joined([...Array<Uint8Array>(100_000).fill(empty), hex("00")]);
    expect(() => inflateAll([many])).toThrow(expect.objectContaining({ code: "WS_DEFLATE_INVALID" }));
  });
});

describe("what is not DEFLATE is refused with 1007", () => {
  const whole = deflateMessage(bytesOf("All that is gold does not glitter. ".repeat(5)), new SlidingWindow(15), {
    level: 9,
    windowBits: 15,
  });
  test.each([
    { name: "nothing at all", payload: hex("") },
    { name: "a reserved block type", payload: hex("06 00") },
    { name: "a stored length that its complement denies", payload: hex("00 05 00 00 00 48 65 6c 6c 6f 00") },
    { name: "a stored block that breaks off", payload: hex("00 05 00 fa ff 48 65") },
    { name: "a reference to before the beginning", payload: hex("f2 00 11 00 00") },
    { name: "bytes behind the end", payload: joined([whole, hex("55 55 55")]) },
    { name: "bytes behind a final block", payload: joined([finalStream("Hello"), hex("de ad be ef")]) },
    { name: "a final block without the byte behind it", payload: hex("f3 48 cd c9 c9 07 00") },
    { name: "noise", payload: Uint8Array.from({ length: 500 }, (_, index) => (index * 7_919) & 0xff) },
  ])("$name", ({ payload }) => {
    const refused = expect.objectContaining({ code: "WS_DEFLATE_INVALID", closeCode: 1007, origin: "peer" });
    expect(() => inflateAll([payload])).toThrow(refused);
  });

  test("a message that breaks off, at whatever byte", () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => inflateAll([whole.subarray(0, length)]), `${length} of ${whole.length}`).toThrow(
        expect.objectContaining({ code: "WS_DEFLATE_INVALID" }),
      );
    }
  });

  test("whatever comes, it is a text, 1007 or 1009", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        const inflate = () =>
          inflateMessage(payload, new SlidingWindow(9), 9, { maxBytes: 5_000, code: "WS_MESSAGE_TOO_BIG" }).length;
        const outcome = outcomeOf(inflate);
        expect(["WS_DEFLATE_INVALID", "WS_MESSAGE_TOO_BIG", Math.min(Number(outcome), 5_000)]).toContain(outcome);
      }),
    );
  });
});

describe("no more comes out than may", () => {
  test("exactly the bound does, one byte more is 1009", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (length) => {
        const payload = deflateMessage(new Uint8Array(length), new SlidingWindow(15), { level: 9, windowBits: 15 });
        const inflate = (maxBytes: number) =>
          inflateMessage(payload, new SlidingWindow(15), 15, { maxBytes, code: "WS_MESSAGE_TOO_BIG" }).length;
        expect(inflate(length)).toBe(length);
        expect(() => inflate(length - 1)).toThrow(
          expect.objectContaining({ code: "WS_MESSAGE_TOO_BIG", closeCode: 1009 }),
        );
      }),
    );
  });

  test("over several streams together", () => {
    const payload = joined([finalStream("a".repeat(1_000)), finalStream("b".repeat(1_000)), hex("00")]);
    expect(inflateAll([payload], { maxBytes: 2_000 })[0]).toHaveLength(2_000);
    expect(() => inflateAll([payload], { maxBytes: 1_999 })).toThrow(
      expect.objectContaining({ code: "WS_MESSAGE_TOO_BIG" }),
    );
  });

  test("and a bomb is put out before it costs memory", () => {
    const bomb = deflateMessage(new Uint8Array(256 * 1024 * 1024), new SlidingWindow(15), { level: 1, windowBits: 15 });
    expect(bomb.length).toBeGreaterThan(1_000_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => inflateAll([bomb])).toThrow(expect.objectContaining({ code: "WS_MESSAGE_TOO_BIG" }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });
});

describe("a window of 2^bits bytes", () => {
  const prose = bytesOf(
    Array.from({ length: 4_000 }, (_, index) => `${(index * index) % 977} ${index % 13} words;`).join(" "),
  );

  test.each([8, 9, 10, 12, 15])(
    "is never referred back beyond with %i bits, whatever was said before",
    (windowBits) => {
      const window = new SlidingWindow(windowBits);
      let longest = 0;
      for (let at = 0; at < prose.length; at += 3_000) {
        const message = prose.subarray(at, at + 3_000);
        const payload = deflateMessage(message, window, { level: 9, windowBits });
        longest = Math.max(longest, longestDistance(payload));
        window.push(message);
      }
      expect(longest).toBeLessThanOrEqual(2 ** windowBits);
      expect(longest).toBeGreaterThan(2 ** windowBits / 4);
    },
  );
});
