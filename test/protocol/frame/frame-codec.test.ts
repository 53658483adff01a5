import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WebSocketError } from "../../../src/protocol/errors.ts";
import type { Frame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame, tryDecodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { FrameDecoder, type ReceivedHeader } from "../../../src/protocol/frame/frame-decoder.ts";
import { brokenRule, type FrameRules } from "../../../src/protocol/frame/frame-rules.ts";
import { isControl, type Opcode } from "../../../src/protocol/frame/opcode.ts";
import { bits, hex, joined } from "../../support/bits.ts";

const anything = (): void => {};
const anySizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
const anyKey = fc.uint8Array({ minLength: 4, maxLength: 4 });
const anyFrame: fc.Arbitrary<Frame> = fc
  .record({
    fin: fc.boolean(),
    rsv: fc.nat(7),
    opcode: fc.constantFrom<Opcode[]>(0, 1, 2, 8, 9, 10),
    payload: fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 140 }) },
      fc.uint8Array({ minLength: 65_530, maxLength: 65_540 }),
    ),
  })
  .map((frame) => (isControl(frame.opcode) ? { ...frame, fin: true, payload: frame.payload.slice(0, 125) } : frame));

interface Decoded {
  readonly frames: Frame[];
  readonly error: unknown;
}

/** Feeds `wire` in chunks of the given sizes, repeated as needed, from a buffer that is overwritten after each. */
function decode(
  wire: Uint8Array,
  sizes: readonly number[],
  check: (header: ReceivedHeader) => void = anything,
): Decoded {
  const decoder = new FrameDecoder(check);
  const frames: Frame[] = [];
  try {
    for (let start = 0, turn = 0; start < wire.length; turn++) {
      const chunk = wire.slice(start, start + sizes[turn % sizes.length]!);
      for (let offset = 0; offset < chunk.length;) {
        offset = decoder.read(chunk, offset, chunk.length);
        const frame = decoder.takeFrame();
        if (frame) frames.push(frame);
      }
      start += chunk.length;
      chunk.fill(0xaa);
    }
    return { frames, error: undefined };
  } catch (error) {
    return { frames, error };
  }
}

function rulesFor(rules: FrameRules) {
  return (header: ReceivedHeader): void => {
    const broken = brokenRule(header, rules);
    if (broken) throw new WebSocketError(broken, "refused");
  };
}

describe("the examples of RFC 6455 §5.7", () => {
  const text = (payload: string, fin = true, opcode: Opcode = 1): Frame => ({
    fin,
    rsv: 0,
    opcode,
    payload: new TextEncoder().encode(payload),
  });
  const examples = [
    { name: "an unmasked text", wire: hex("81 05 48 65 6c 6c 6f"), frame: text("Hello") },
    {
      name: "a masked text",
      wire: hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
      frame: text("Hello"),
      maskKey: hex("37 fa 21 3d"),
    },
    { name: "a first fragment", wire: hex("01 03 48 65 6c"), frame: text("Hel", false) },
    { name: "a last fragment", wire: hex("80 02 6c 6f"), frame: text("lo", true, 0) },
    { name: "a Ping", wire: hex("89 05 48 65 6c 6c 6f"), frame: text("Hello", true, 9) },
    {
      name: "the masked Pong to it",
      wire: hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"),
      frame: text("Hello", true, 10),
      maskKey: hex("37 fa 21 3d"),
    },
    {
      name: "256 bytes",
      wire: joined([hex("82 7e 01 00"), new Uint8Array(256)]),
      frame: { ...text("", true, 2), payload: new Uint8Array(256) },
    },
    {
      name: "64 KiB",
      wire: joined([hex("82 7f 00 00 00 00 00 01 00 00"), new Uint8Array(65_536)]),
      frame: { ...text("", true, 2), payload: new Uint8Array(65_536) },
    },
  ];

  test.each(examples)("$name is written", ({ wire, frame, maskKey }) => {
    expect(encodeFrame(frame, { maskKey })).toEqual(wire);
  });

  test.each(examples)("$name is read", ({ wire, frame }) => {
    expect(tryDecodeFrame(wire)).toEqual({ frame, length: wire.length });
    expect(decode(wire, [wire.length])).toEqual({ frames: [frame], error: undefined });
  });

  test.each(examples)("$name: no shorter prefix is a frame", ({ wire }) => {
    for (let length = 0; length < Math.min(wire.length, 300); length++) {
      expect(tryDecodeFrame(wire.subarray(0, length))).toBeUndefined();
      expect(decode(wire.subarray(0, length), [length + 1])).toEqual({ frames: [], error: undefined });
    }
  });
});

describe("laws", () => {
  test("what is encoded is decoded again, wherever the bytes are cut, masked or not", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ frame: anyFrame, maskKey: fc.option(anyKey, { nil: undefined }) }), { maxLength: 5 }),
        anySizes,
        (sent, sizes) => {
          const wire = joined(sent.map(({ frame, maskKey }) => encodeFrame(frame, { maskKey })));
          expect(decode(wire, sizes)).toEqual({ frames: sent.map(({ frame }) => frame), error: undefined });
        },
      ),
    );
  });

  test("one frame at a time and a flow of chunks give the same, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anySizes, (wire, sizes) => {
        const frames: Frame[] = [];
        let failure: unknown;
        try {
          for (let next = tryDecodeFrame(wire), at = 0; next; next = tryDecodeFrame(wire, at)) {
            frames.push(next.frame);
            at += next.length;
          }
        } catch (error) {
          failure = error;
        }
        const streamed = decode(wire, sizes);
        expect(streamed.frames).toEqual(frames);
        expect(streamed.error).toEqual(failure);
      }),
      { numRuns: 500 },
    );
  });

  test("no bytes end in anything but frames and a WebSocketError", () => {
    const client = rulesFor({ sender: "client", allowedRsv: 0b100, insideMessage: false });
    const header = fc.tuple(
      fc.constantFrom(0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0x83, 0x01),
      fc.constantFrom(0x80, 0x85, 0xfe, 0xff, 0x05),
    );
    const anyBytes = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        header.map((pair) => Uint8Array.from(pair)),
      ),
    );
    fc.assert(
      fc.property(anyBytes, anySizes, (parts, sizes) => {
        const { error } = decode(joined(parts), sizes, client);
        expect(error === undefined || error instanceof WebSocketError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a frame is refused by its header alone", () => {
  const limit = (header: ReceivedHeader): void => {
    if (header.payloadLength > 100) throw new WebSocketError("WS_MESSAGE_TOO_BIG", "refused");
  };
  const server = rulesFor({ sender: "server", allowedRsv: 0, insideMessage: false });

  test.each([
    //                                       F RSV  op   M length   extended
    {
      name: "too long",
      wire: bits("1 000 0010  0 1111110 00000000 11111111"),
      check: limit,
      code: "WS_MESSAGE_TOO_BIG",
    },
    { name: "reserved bit", wire: bits("1 010 0010  0 0000101"), check: server, code: "WS_RSV_UNEXPECTED" },
    { name: "out of order", wire: bits("1 000 0000  0 0000101"), check: server, code: "WS_CONTINUATION_UNEXPECTED" },
    {
      name: "reserved opcode, rules or not",
      wire: bits("1 000 0011  0 0000001"),
      check: anything,
      code: "WS_OPCODE_RESERVED",
    },
  ])("$name", ({ wire, check, code }) => {
    expect(decode(wire, [1], check)).toEqual({ frames: [], error: expect.objectContaining({ code }) });
  });

  test("and the frames before it in the same chunk have been handed over", () => {
    const wire = joined([hex("81 01 61"), hex("89 00"), hex("83 00")]);
    const { frames, error } = decode(wire, [wire.length], server);
    expect(frames.map((frame) => frame.opcode)).toEqual([1, 9]);
    expect(error).toMatchObject({ code: "WS_OPCODE_RESERVED" });
  });
});

describe("partialFrame", () => {
  test("shows what has arrived of the payload, unmasked, and nothing once the frame is whole", () => {
    const wire = hex("01 85 37 fa 21 3d 7f 9f 4d 51 58 89 00");
    const decoder = new FrameDecoder(anything);
    const seen: (string | undefined)[] = [];
    for (let offset = 0; offset < wire.length; offset++) {
      decoder.read(wire, offset, offset + 1);
      const partial = decoder.partialFrame;
      seen.push(partial && `${partial.opcode} ${new TextDecoder().decode(partial.payload)}`);
    }
    const header = [undefined, undefined, undefined, undefined, undefined];
    expect(seen).toEqual([...header, "1 ", "1 H", "1 He", "1 Hel", "1 Hell", undefined, undefined, undefined]);
  });

  test("takes memory as bytes arrive, not as a header claims", () => {
    const decoder = new FrameDecoder(anything);
    decoder.read(hex("82 7f 0000 0001 0000 0000 aa"), 0, 11);
    expect(decoder.partialFrame?.payload).toEqual(hex("aa"));
    expect(decoder.partialFrame?.payload.buffer.byteLength).toBeLessThan(10_000);
  });
});

test("the payload of a whole frame keeps no more memory than its length", () => {
  const wire = encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(70_000) });
  const [frame] = decode(wire, [1000]).frames;
  expect(frame?.payload.buffer.byteLength).toBe(70_000);
});

test("decoding copies: neither input nor output changes the other", () => {
  const payload = hex("01 02 03");
  const wire = encodeFrame({ fin: true, rsv: 0, opcode: 2, payload }, { maskKey: hex("ff ff ff ff") });
  const before = wire.slice();
  const decoded = tryDecodeFrame(Buffer.from(wire.buffer, wire.byteOffset, wire.length));
  wire.fill(0, 2);
  expect(decoded?.frame.payload).toEqual(payload);
  expect(payload).toEqual(hex("01 02 03"));
  expect(before).toEqual(hex("82 83 ffffffff fefdfc"));
});

test.each([
  { name: "a fragmented Ping", frame: { fin: false, payload: hex("") }, code: "WS_CONTROL_FRAGMENTED" },
  { name: "a Ping of 126 bytes", frame: { fin: true, payload: new Uint8Array(126) }, code: "WS_CONTROL_TOO_LONG" },
])("does not write $name", ({ frame, code }) => {
  expect(() => encodeFrame({ ...frame, rsv: 0, opcode: 9 })).toThrow(
    expect.objectContaining({ code, origin: "caller" }),
  );
});

test("decoding takes time linear in the bytes: 1 MiB byte by byte grows its buffer a few times, not each time", () => {
  const size = 2 ** 20;
  const wire = encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(size) });
  const decoder = new FrameDecoder(anything);
  let growths = 0;
  let capacity = 0;
  for (let offset = 0; offset < wire.length && growths < 20; offset++) {
    decoder.read(wire, offset, offset + 1);
    const now = decoder.partialFrame?.payload.buffer.byteLength ?? 0;
    if (now > capacity) growths++;
    capacity = now;
  }
  expect(growths).toBeLessThan(10);
  expect(decoder.takeFrame()?.payload).toHaveLength(size);
});
