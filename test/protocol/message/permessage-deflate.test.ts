import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binaryFrame, type Frame, textFrame } from "../../../src/protocol/frame/frame.ts";
import {
  type DeflateDirection,
  type DeflateTuning,
  PermessageDeflate,
} from "../../../src/protocol/message/permessage-deflate.ts";
import { hex } from "../../support/bits.ts";
import { outcomeOf } from "../../support/outcome.ts";

const Full: DeflateDirection = { windowBits: 15, contextTakeover: true };
const Alone: DeflateDirection = { windowBits: 15, contextTakeover: false };

/** Two ends that agreed on `direction` for both ways. */
function pair(direction = Full, tuning: DeflateTuning = {}) {
  const end = () => new PermessageDeflate({ outgoing: direction, incoming: direction }, tuning);
  return { near: end(), far: end() };
}

const line = "The quick brown fox jumps over the lazy dog; ";
const isCompressed = ({ rsv }: Frame): boolean => rsv === 0b100;

describe("a message", () => {
  test("comes back as it was, whatever the parameters, the order and the sizes", () => {
    const direction = fc.record({ windowBits: fc.integer({ min: 8, max: 15 }), contextTakeover: fc.boolean() });
    const tuning = fc.record({ level: fc.integer({ min: 1, max: 9 }), thresholdBytes: fc.constantFrom(0, 1, 128) });
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom(line, "aaaa", "€ "), fc.integer({ min: 0, max: 3_000 }))
        .map(([text, times]) => new TextEncoder().encode(text.repeat(times))),
    );
    fc.assert(
      fc.property(direction, tuning, fc.array(some, { maxLength: 8 }), (agreed, tuned, payloads) => {
        const { near, far } = pair(agreed, tuned);
        for (const payload of payloads) {
          const sent = near.encode(binaryFrame(payload), {});
          expect(sent.payload.length).toBeLessThanOrEqual(payload.length);
          expect(far.decode(sent, payload.length || 1)).toEqual(binaryFrame(payload));
          expect(far.heldBytes).toBeLessThanOrEqual(agreed.contextTakeover ? 2 ** agreed.windowBits : 0);
        }
      }),
    );
  });

  test("keeps the bits that are somebody else's, and has the own bit set and cleared", () => {
    const { near, far } = pair();
    const message = { ...textFrame(line.repeat(10)), rsv: 0b011 };
    const sent = near.encode(message, {});
    expect(sent.rsv).toBe(0b111);
    expect(far.decode(sent, undefined).rsv).toBe(0b011);
  });

  test("that the peer left as it is passes through, and is no part of the context", () => {
    const { near, far } = pair();
    const first = near.encode(textFrame(line), { compress: false });
    expect(far.decode(first, undefined)).toBe(first);
    expect([near.heldBytes, far.heldBytes]).toEqual([0, 0]);
  });

  test("handed on is memory of its own, for whoever gets it to keep or to give away", () => {
    const { near, far } = pair();
    const { payload } = far.decode(near.encode(binaryFrame(new Uint8Array(500)), {}), undefined);
    expect(payload.buffer.byteLength).toBe(500);
    payload.fill(1);
    const again = far.decode(near.encode(binaryFrame(new Uint8Array(500)), {}), undefined);
    expect(again.payload).toEqual(new Uint8Array(500));
  });
});

describe("context takeover", () => {
  test("shrinks what was said before; without it each message stands alone", () => {
    const message = textFrame(line.repeat(8));
    const { near } = pair(Full);
    const [first, second] = [near.encode(message, {}), near.encode(message, {})];
    expect(second.payload.length).toBeLessThan(first.payload.length / 3);
    const { near: alone } = pair(Alone);
    const sizes = [alone.encode(message, {}), alone.encode(message, {})].map(({ payload }) => payload.length);
    expect(sizes).toEqual([first.payload.length, first.payload.length]);
    expect(alone.heldBytes).toBe(0);
  });

  test("reaches back as far as the window, and not further", () => {
    const noise = randomBytes(400);
    const sizeAfter = (between: number): number => {
      const { near } = pair({ windowBits: 10, contextTakeover: true }, { thresholdBytes: 0 });
      near.encode(binaryFrame(Buffer.concat([noise, Buffer.alloc(100)])), {});
      near.encode(textFrame("x".repeat(between)), {});
      return near.encode(binaryFrame(noise), {}).payload.length;
    };
    expect(sizeAfter(10)).toBeLessThan(50);
    expect(sizeAfter(1_000)).toBe(400);
  });

  test("one way does not need it the other way", () => {
    const near = new PermessageDeflate({ outgoing: Full, incoming: Alone });
    const far = new PermessageDeflate({ outgoing: Alone, incoming: Full });
    for (let turn = 0; turn < 3; turn++) {
      expect(far.decode(near.encode(textFrame(line.repeat(9)), {}), undefined)).toEqual(textFrame(line.repeat(9)));
      expect(near.decode(far.encode(textFrame(line.repeat(7)), {}), undefined)).toEqual(textFrame(line.repeat(7)));
    }
  });

  test("of a message that an end without it did not expect is 1007", () => {
    const near = new PermessageDeflate({ outgoing: Full, incoming: Full });
    const far = new PermessageDeflate({ outgoing: Full, incoming: Alone });
    const send = () => far.decode(near.encode(textFrame(line.repeat(9)), {}), undefined);
    send();
    expect(send).toThrow(expect.objectContaining({ code: "WS_DEFLATE_INVALID", closeCode: 1007 }));
  });
});

describe("what is sent as it is", () => {
  test.each([
    { name: "an empty message", message: textFrame(""), compressed: false },
    { name: "one below the threshold", message: textFrame("a".repeat(127)), compressed: false },
    { name: "one at the threshold", message: textFrame("a".repeat(128)), compressed: true },
    { name: "noise, which only grows", message: binaryFrame(randomBytes(1_000)), compressed: false },
  ])("$name: compressed is $compressed", ({ message, compressed }) => {
    const { near } = pair();
    const sent = near.encode(message, {});
    expect(isCompressed(sent)).toBe(compressed);
    expect([sent === message, near.heldBytes === 0]).toEqual([!compressed, !compressed]);
  });

  test("the threshold is the caller's, and so is each message", () => {
    const { near } = pair(Full, { thresholdBytes: 10 });
    expect(isCompressed(near.encode(textFrame("a".repeat(20)), {}))).toBe(true);
    expect(isCompressed(near.encode(textFrame("a".repeat(20)), { compress: true }))).toBe(true);
    expect(isCompressed(near.encode(textFrame("a".repeat(20)), { compress: false }))).toBe(false);
  });
});

describe("the bound of what comes out", () => {
  const zeros = pair(Alone).near.encode(binaryFrame(new Uint8Array(200_000)), {});

  test.each([
    { name: "no bound at all", maxBytes: undefined, maxInflateRatio: undefined, outcome: 200_000 },
    { name: "as many bytes", maxBytes: 200_000, maxInflateRatio: undefined, outcome: 200_000 },
    { name: "one byte less", maxBytes: 199_999, maxInflateRatio: undefined, outcome: "WS_MESSAGE_TOO_BIG" },
    { name: "a ratio above", maxBytes: undefined, maxInflateRatio: 1_032, outcome: 200_000 },
    { name: "a ratio below", maxBytes: undefined, maxInflateRatio: 200, outcome: "WS_INFLATE_RATIO" },
    { name: "a ratio above and a byte less", maxBytes: 199_999, maxInflateRatio: 1_032, outcome: "WS_MESSAGE_TOO_BIG" },
    { name: "a ratio below, and bytes below that", maxBytes: 1, maxInflateRatio: 1, outcome: "WS_MESSAGE_TOO_BIG" },
  ])("$name: the message comes to $outcome", ({ maxBytes, maxInflateRatio, outcome }) => {
    const { far } = pair(Alone, { maxInflateRatio });
    expect(outcomeOf(() => far.decode(zeros, maxBytes).payload.length)).toBe(outcome);
  });

  test("no ratio counts for a message of 64 KiB", () => {
    const { near, far } = pair(Alone, { maxInflateRatio: 1 });
    const decode = (length: number) => far.decode(near.encode(binaryFrame(new Uint8Array(length)), {}), undefined);
    expect(decode(65_536).payload).toHaveLength(65_536);
    expect(() => decode(65_537)).toThrow(expect.objectContaining({ code: "WS_INFLATE_RATIO", closeCode: 1009 }));
  });
});

test("a compressed message of no bytes is an empty one", () => {
  const { far } = pair();
  expect(far.decode({ ...textFrame(""), rsv: 0b100, payload: hex("00") }, 1)).toEqual(textFrame(""));
});

test("a busy WebSocket takes both windows, a quiet one next to nothing", () => {
  const { near } = pair();
  expect(near.heldBytes).toBe(0);
  near.encode(textFrame(line.repeat(5)), {});
  expect(near.heldBytes).toBe(512);
  for (let turn = 0; turn < 50; turn++) {
    const frame = near.encode(binaryFrame(new Uint8Array(5_000)), {});
    near.decode(pair(Alone).near.encode(binaryFrame(new Uint8Array(5_000)), {}), undefined);
    expect(isCompressed(frame)).toBe(true);
  }
  expect(near.heldBytes).toBe(65_536);
});
