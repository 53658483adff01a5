import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader, type FrameConsumer } from "../../../src/transport/h2/frame-reader.ts";
import { H2ConnectionError } from "../../../src/transport/h2/h2-codes.ts";
import { cutAt, everyCut } from "../../support/cuts.ts";
import { Flag, FrameType, H2Code, rawFrame } from "../../support/raw-h2.ts";
import { pattern } from "../../support/stream-driver.ts";

/** Writes down what it is told; pieces of data are put together, as cuts are not to be seen in them. */
class RecordingConsumer implements FrameConsumer {
  readonly told: string[] = [];
  #data: Buffer[] = [];
  readonly #unwanted: ReadonlySet<number>;

  constructor(unwanted: readonly number[] = []) {
    this.#unwanted = new Set(unwanted);
  }

  onData(flags: number, streamId: number, length: number): boolean {
    this.told.push(`data ${flags} ${streamId} ${length}`);
    this.#data = [];
    return !this.#unwanted.has(FrameType.Data);
  }

  onDataBytes(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) throw new Error("no bytes");
    this.#data.push(Buffer.from(bytes.subarray(start, end)));
  }

  onDataEnd(): void {
    this.told.push(`end ${Buffer.concat(this.#data).toString("hex")}`);
  }

  onFrameHeader(type: number, flags: number, streamId: number, length: number): boolean {
    this.told.push(`header ${type} ${flags} ${streamId} ${length}`);
    return !this.#unwanted.has(type);
  }

  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.told.push(`frame ${type} ${flags} ${streamId} ${Buffer.from(payload).toString("hex")}`);
  }
}

/** What a reader makes of `chunks`: what it told, and the code of its error. */
function read(chunks: readonly Uint8Array[], unwanted?: readonly number[]): readonly string[] {
  const consumer = new RecordingConsumer(unwanted);
  const reader = new FrameReader(consumer);
  try {
    for (const chunk of chunks) reader.read(chunk);
  } catch (error) {
    if (!(error instanceof H2ConnectionError)) throw error;
    return [...consumer.told, `error ${error.code}`];
  }
  return consumer.told;
}

const padded = (padding: number, data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([padding]), data, Buffer.alloc(padding)]);

const wire = Buffer.concat([
  rawFrame(FrameType.Data, Flag.None, 1, pattern(7)),
  rawFrame(FrameType.Data, Flag.EndStream, 1),
  rawFrame(FrameType.Data, Flag.Padded, 3, padded(3, pattern(5))),
  rawFrame(FrameType.Data, Flag.Padded, 3, padded(0, pattern(2))),
  rawFrame(FrameType.Data, Flag.Padded, 3, padded(4, Buffer.alloc(0))),
  rawFrame(FrameType.Headers, Flag.EndHeaders, 0x7fff_ffff, pattern(11)),
  rawFrame(FrameType.Settings, Flag.Ack, 0),
  rawFrame(0x42, 0xff, 0, pattern(6)),
  rawFrame(FrameType.Ping, Flag.None, 0, pattern(8)),
]);

describe("frames", () => {
  test("are read the same at every cut", () => {
    const whole = read([wire]);
    expect(whole).toHaveLength(2 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2);
    everyCut(wire, (chunks) => expect(read(chunks)).toEqual(whole));
  });

  test("are read the same at every cut where some are not wanted", () => {
    const unwanted = [FrameType.Data, 0x42];
    const whole = read([wire], unwanted);
    expect(whole.filter((line) => line.startsWith("end"))).toEqual([]);
    expect(whole.at(-1)).toBe(`frame 6 0 0 ${pattern(8).toString("hex")}`);
    everyCut(wire, (chunks) => expect(read(chunks, unwanted)).toEqual(whole));
  });

  test("lose the reserved bit of their stream", () => {
    const frame = rawFrame(FrameType.Ping, Flag.None, 0x8000_0005, pattern(8));
    expect(read([frame])[0]).toBe("header 6 0 5 8");
  });

  test.each([
    {
      what: "a frame beyond 16 384 bytes",
      bytes: Buffer.from([0, 0x40, 1, 6, 0, 0, 0, 0, 0]),
      code: H2Code.FrameSizeError,
    },
    {
      what: "DATA beyond 16 384 bytes",
      bytes: Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
      code: H2Code.FrameSizeError,
    },
    { what: "padding without its length", bytes: rawFrame(0, Flag.Padded, 1), code: H2Code.FrameSizeError },
    {
      what: "padding as long as the payload",
      bytes: rawFrame(0, Flag.Padded, 1, Buffer.from([1])),
      code: H2Code.ProtocolError,
    },
    {
      what: "padding that is longer",
      bytes: rawFrame(0, Flag.Padded, 1, Buffer.from([9, 0])),
      code: H2Code.ProtocolError,
    },
  ])("that are none end with an error at every cut: $what", ({ bytes, code }) => {
    everyCut(bytes, (chunks) => expect(read(chunks).at(-1)).toBe(`error ${code}`));
  });

  test("of any bytes are read the same however those are cut", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    const noise = fc.uint8Array({ maxLength: 60 });
    const frame = fc
      .tuple(fc.nat({ max: 10 }), fc.constantFrom(0, 1, 4, 8, 9), fc.nat({ max: 5 }), noise)
      .map(([type, flags, streamId, payload]) => rawFrame(type, flags, streamId, payload));
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, noise), { maxLength: 8 }), sizes, (parts, cut) => {
        const bytes = Buffer.concat(parts);
        expect(read(cutAt(bytes, cut))).toEqual(read([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test("are known to be under way from their first byte to their last", () => {
    const reader = new FrameReader(new RecordingConsumer());
    const ping = rawFrame(FrameType.Ping, Flag.None, 0, pattern(8));
    expect(reader.isWithinControl).toBe(false);
    for (let at = 0; at < ping.length; at++) {
      reader.read(ping.subarray(at, at + 1));
      expect(reader.isWithinControl).toBe(at < ping.length - 1);
    }
    reader.read(rawFrame(FrameType.Data, Flag.None, 1, pattern(8)).subarray(0, 12));
    expect(reader.isWithinControl).toBe(false);
  });
});
