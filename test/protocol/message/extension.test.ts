import { describe, expect, test } from "vitest";
import { binaryFrame, type Frame } from "../../../src/protocol/frame/frame.ts";
import { type Extension, ExtensionPipeline, hasRsvClash } from "../../../src/protocol/message/extension.ts";
import { joined } from "../../support/bits.ts";
import { outcomeOf } from "../../support/outcome.ts";

/** Puts `letter` behind each message and sets its bits; refuses what does not end in it. */
function appending(letter: string, rsv: number): Extension {
  const end = new TextEncoder().encode(letter);
  return {
    name: letter,
    rsv,
    encode: (message) => ({ ...message, rsv: message.rsv | rsv, payload: joined([message.payload, end]) }),
    decode(message) {
      if ((message.rsv & rsv) === 0) return message;
      expect(message.payload.at(-1)).toBe(end[0]);
      return { ...message, rsv: message.rsv & ~rsv, payload: message.payload.subarray(0, -1) };
    },
  };
}

const message: Frame = binaryFrame(Uint8Array.of(0x2d));
const text = ({ payload }: Frame): string => new TextDecoder().decode(payload);

describe("a pipeline", () => {
  test("runs forward on the way out and backward on the way in", () => {
    const pipeline = new ExtensionPipeline([appending("a", 0b100), appending("b", 0b010), appending("c", 0b001)]);
    const sent = pipeline.encode(message, {});
    expect([text(sent), sent.rsv, pipeline.rsv]).toEqual(["-abc", 0b111, 0b111]);
    expect(pipeline.decode(sent, undefined)).toEqual(message);
  });

  test("of nothing changes nothing, and lets no bit be set", () => {
    const pipeline = new ExtensionPipeline([]);
    expect(pipeline.encode(message, {})).toBe(message);
    expect(pipeline.decode(message, undefined)).toBe(message);
    expect(pipeline.rsv).toBe(0);
  });

  test("hands down what the sender asks for, and the most that may come out", () => {
    const asked: unknown[] = [];
    const curious: Extension = {
      ...appending("x", 0),
      encode: (frame, options) => (asked.push(options), frame),
      decode: (frame, maxBytes) => (asked.push(maxBytes), frame),
    };
    const pipeline = new ExtensionPipeline([curious]);
    pipeline.encode(message, { compress: false });
    pipeline.decode(message, 1_000);
    expect(asked).toEqual([{ compress: false }, 1_000]);
  });

  test.each([
    { bits: [], clash: false },
    { bits: [0b100], clash: false },
    { bits: [0b100, 0b010, 0b001], clash: false },
    { bits: [0b100, 0, 0], clash: false },
    { bits: [0b100, 0b100], clash: true },
    { bits: [0b110, 0b001, 0b010], clash: true },
  ])("with the bits $bits: a clash is $clash", ({ bits, clash }) => {
    const extensions = bits.map((rsv, index) => appending(String(index), rsv));
    expect(hasRsvClash(extensions)).toBe(clash);
    expect(outcomeOf(() => new ExtensionPipeline(extensions).rsv > 0)).toBe(clash ? "TypeError" : bits.length > 0);
  });
});
