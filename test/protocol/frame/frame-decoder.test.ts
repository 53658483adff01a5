import { afterEach, describe, expect, test, vi } from "vitest";
import type { Frame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { FrameDecoder } from "../../../src/protocol/frame/frame-decoder.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { joined } from "../../support/bits.ts";

const maskKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const payloadOf = (length: number, first = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => first + index * 7);
const wireOf = (...payloads: Uint8Array[]): Uint8Array =>
  joined(payloads.map((payload) => encodeFrame({ fin: true, rsv: 0, opcode: Opcode.Binary, payload }, { maskKey })));

/** Reads all of `bytes[start, end)` and adds the payloads. */
function readInto(payloads: Uint8Array[], decoder: FrameDecoder, bytes: Uint8Array, start = 0, end = bytes.length) {
  for (let offset = start; offset < end;) {
    offset = decoder.read(bytes, offset, end);
    const frame: Frame | undefined = decoder.takeFrame();
    if (frame) payloads.push(frame.payload);
  }
}

const newDecoder = (): FrameDecoder => new FrameDecoder(() => {});

describe("the payloads of one read", () => {
  const lengths = [0, 1, 16, 64, 65, 125, 126, 1_000, 2_048, 2_049, 5_000, 16_384, 20_000, 3, 70_000, 2];

  test("are what was sent, small and large, side by side", () => {
    const sent = lengths.map((length, index) => payloadOf(length, index));
    const payloads: Uint8Array[] = [];
    readInto(payloads, newDecoder(), wireOf(...sent));
    expect(payloads).toEqual(sent);
  });

  test("are their owner's: whatever is written to one, or to what was read, the others stay", () => {
    const sent = lengths.map((length, index) => payloadOf(length, index));
    const wire = wireOf(...sent);
    const decoder = newDecoder();
    const payloads: Uint8Array[] = [];
    readInto(payloads, decoder, wire);
    wire.fill(0xaa);
    for (const [index, payload] of payloads.entries()) {
      expect(payload).toEqual(sent[index]);
      payload.fill(0xbb);
    }
  });

  test("that had one frame take its length and no byte more", () => {
    for (const length of [1, 64, 65, 125, 2_048, 2_049, 65_536]) {
      const payloads: Uint8Array[] = [];
      readInto(payloads, newDecoder(), wireOf(payloadOf(length)));
      expect(payloads[0]?.buffer.byteLength).toBe(length);
    }
  });

  test("that had many frames share memory, of which a kept one holds no more than 256 times its size", () => {
    for (const length of [1, 16, 125]) {
      const payloads: Uint8Array[] = [];
      readInto(payloads, newDecoder(), wireOf(...Array.from({ length: 1_000 }, () => payloadOf(length))));
      const buffers = new Set(payloads.map(({ buffer }) => buffer));
      expect(buffers.size).toBeLessThan(100);
      for (const { byteLength } of buffers) expect(byteLength).toBeLessThanOrEqual(256 * length);
    }
  });

  test("share no more than 64 KiB, and none with a large one", () => {
    const sent = Array.from({ length: 300 }, (_, index) => payloadOf(index % 3 === 0 ? 2_049 : 2_048));
    const payloads: Uint8Array[] = [];
    readInto(payloads, newDecoder(), wireOf(...sent));
    const large = payloads.filter(({ length }) => length > 2_048);
    expect(large.map(({ buffer }) => buffer.byteLength)).toEqual(Array<number>(100).fill(2_049));
    for (const { buffer } of payloads) expect(buffer.byteLength).toBeLessThanOrEqual(65_536);
  });

  test("share nothing with those of another WebSocket", () => {
    const wire = wireOf(payloadOf(100), payloadOf(100));
    const [one, other]: [Uint8Array[], Uint8Array[]] = [[], []];
    const [first, second] = [newDecoder(), newDecoder()];
    readInto(one, first, wire);
    readInto(other, second, wire);
    expect(one[0]?.buffer).not.toBe(other[0]?.buffer);
  });
});

describe("bytes that are held back between two frames", () => {
  const sent = [payloadOf(100, 1), payloadOf(100, 2), payloadOf(100, 3)];
  const wire = wireOf(...sent);
  const frameBytes = wire.length / 3;

  test("may move to another array", () => {
    const decoder = newDecoder();
    const payloads: Uint8Array[] = [];
    const held = wire.slice();
    readInto(payloads, decoder, held, 0, frameBytes);
    const rest = held.slice(frameBytes);
    held.fill(0xaa);
    readInto(payloads, decoder, rest);
    expect(payloads).toEqual(sent);
  });

  test("may move within their array", () => {
    const decoder = newDecoder();
    const payloads: Uint8Array[] = [];
    const bytes = wire.slice();
    decoder.read(bytes, 0, bytes.length);
    payloads.push(decoder.takeFrame()!.payload);
    bytes.copyWithin(0, frameBytes);
    readInto(payloads, decoder, bytes, 0, 2 * frameBytes);
    expect(payloads).toEqual(sent);
  });
});

test("an array that is read to its end may be used for the next bytes", () => {
  const decoder = newDecoder();
  const payloads: Uint8Array[] = [];
  const bytes = new Uint8Array(wireOf(payloadOf(100)).length);
  for (let first = 0; first < 5; first++) {
    bytes.set(wireOf(payloadOf(100, first)));
    readInto(payloads, decoder, bytes);
  }
  expect(payloads).toEqual([0, 1, 2, 3, 4].map((first) => payloadOf(100, first)));
});

describe("the work grows with the bytes, and not with how they are cut", () => {
  const size = 2 ** 18;
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as { set(source: ArrayLike<number>): void };

  /** Bytes that `set` moves while 256 KiB come in pieces of `cut` bytes. */
  function bytesMoved(wire: Uint8Array, cut: number): number {
    const decoder = newDecoder();
    const set = vi.spyOn(typedArray, "set");
    const payloads: Uint8Array[] = [];
    for (let start = 0; start < wire.length; start += cut) {
      readInto(payloads, decoder, wire, start, Math.min(start + cut, wire.length));
    }
    const moved = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    set.mockRestore();
    expect(payloads.reduce((sum, { length }) => sum + length, 0)).toBe(size);
    return moved;
  }

  afterEach(() => vi.restoreAllMocks());

  test.each([
    { name: "one frame", wire: encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(size) }) },
    { name: "256 frames", wire: joined(Array.from({ length: 256 }, () => wireOf(new Uint8Array(1_024)))) },
  ])("$name of 256 KiB: no byte is moved more than four times, in pieces of 1 byte or all at once", ({ wire }) => {
    for (const cut of [1, 7, 1_000, 65_536, wire.length]) expect(bytesMoved(wire, cut)).toBeLessThan(4 * wire.length);
  });
});

describe("a partial frame that was released", () => {
  test.each([[1], [3], [7, 1], [100], [4_000, 5_000]])(
    "leaves the rest, unmasked as it goes on, in pieces of %j",
    (...cuts) => {
      const sent = payloadOf(10_000);
      const wire = wireOf(sent, payloadOf(5));
      const decoder = newDecoder();
      const parts: Uint8Array[] = [];
      const frames: Uint8Array[] = [];
      for (let start = 0, turn = 0; start < wire.length; turn++) {
        const end = Math.min(wire.length, start + (cuts[turn % cuts.length] ?? 1));
        start = decoder.read(wire, start, end);
        const partial = frames.length === 0 ? decoder.partialFrame : undefined;
        if (partial) {
          parts.push(partial.payload);
          decoder.releasePartial();
        }
        const frame = decoder.takeFrame();
        if (frame) frames.push(frame.payload);
      }
      expect(joined([...parts, frames[0]!])).toEqual(sent);
      expect(frames[1]).toEqual(payloadOf(5));
    },
  );
});

test("a part that is given away shows nothing of what was in its memory before", () => {
  const decoder = newDecoder();
  const wire = wireOf(new Uint8Array(1_000_000).fill(7));
  for (let round = 0; round < 20; round++) Buffer.allocUnsafeSlow(40_000).fill(0xaa);
  decoder.read(wire, 0, 20_000);
  const { payload } = decoder.partialFrame!;
  decoder.releasePartial();
  const memory = new Uint8Array(payload.buffer);
  expect(memory.length).toBeGreaterThan(payload.length);
  expect(memory.subarray(payload.length).every((byte) => byte === 0)).toBe(true);
  expect(payload.every((byte) => byte === 7)).toBe(true);
});
