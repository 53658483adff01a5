import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  binaryFrame,
  closeFrame,
  pingFrame,
  pongFrame,
  textFrame,
  type Frame,
} from "../../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { joined } from "../../support/bits.ts";
import { cutAt } from "../../support/cuts.ts";
import { anyCuts } from "../../laws/any-wire.ts";
import { FrameEcho } from "./frame-echo.ts";

const anyKey = fc.uint8Array({ minLength: 4, maxLength: 4 });
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.string({ maxLength: 200 }).map(textFrame),
  fc.uint8Array({ maxLength: 300 }).map(binaryFrame),
  fc.constantFrom(65_535, 65_536).map((length) => binaryFrame(new Uint8Array(length).fill(7))),
);

function echoed(chunks: readonly Uint8Array[]): { readonly bytes: Uint8Array; readonly isOver: boolean } {
  const echo = new FrameEcho();
  return { bytes: joined(chunks.map((chunk) => echo.read(chunk))), isOver: echo.isOver };
}

test("however a client's frames are cut, they come back as they are without a mask", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyFrame, anyKey), { maxLength: 6 }), anyCuts, (frames, cuts) => {
      const wire = joined(frames.map(([frame, maskKey]) => encodeFrame(frame, { maskKey })));
      const { bytes, isOver } = echoed(cutAt(wire, cuts));
      expect(Buffer.compare(bytes, joined(frames.map(([frame]) => encodeFrame(frame))))).toBe(0);
      expect(isOver).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test("a Ping is answered with a Pong, and behind a Close nothing is", () => {
  const maskKey = Uint8Array.of(1, 2, 3, 4);
  const ping = Uint8Array.of(0x68, 0x69);
  const wire = [pingFrame(ping), closeFrame(1000), textFrame("late")].map((frame) => encodeFrame(frame, { maskKey }));
  const expected = joined([pongFrame(ping), closeFrame(1000)].map((frame) => encodeFrame(frame)));
  expect(echoed(wire)).toEqual({ bytes: expected, isOver: true });
});
