import { constants, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { closeFrame, parseClosePayload } from "../../src/protocol/frame/frame.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import { hex, joined } from "../support/bits.ts";
import { runMachine, TightLimits } from "../support/machine-run.ts";

const Key = hex("37 fa 21 3d");
const Direction = { windowBits: 15, contextTakeover: true };
const { maxMessageBytes, maxFrameBytes, maxFragments } = TightLimits;

const deflating = {
  role: "server",
  extensions: () => [new PermessageDeflate({ outgoing: Direction, incoming: Direction })],
} as const;

/** One message in frames with these payloads. */
function message(payloads: readonly Uint8Array[], rsv = 0): Uint8Array {
  const frames = payloads.map((payload, index) => {
    const isFirst = index === 0;
    const frame = { fin: index === payloads.length - 1, rsv: isFirst ? rsv : 0, payload };
    return encodeFrame({ ...frame, opcode: isFirst ? Opcode.Binary : Opcode.Continuation }, { maskKey: Key });
  });
  return joined(frames);
}

describe("a message comes if, and only if, it is within every limit", () => {
  test("of bytes, of a frame's bytes and of fragments", () => {
    const sizes = fc.array(fc.oneof(fc.nat(90), fc.constantFrom(0, maxFrameBytes, maxFrameBytes + 1)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const isWithin =
          total <= maxMessageBytes &&
          lengths.every((length) => length <= maxFrameBytes) &&
          lengths.length <= maxFragments;
        const { events } = runMachine({ role: "server" }, [message(lengths.map((length) => new Uint8Array(length)))]);
        expect(events[0]?.type).toBe(isWithin ? "binary" : "closed");
      }),
      { numRuns: 500 },
    );
  });

  test("of what comes out of compression", () => {
    fc.assert(
      fc.property(fc.nat(3 * maxMessageBytes), fc.integer({ min: 1, max: 9 }), (length, level) => {
        const deflated = deflateRawSync(new Uint8Array(length), { level, finishFlush: constants.Z_SYNC_FLUSH });
        const { events } = runMachine(deflating, [message([new Uint8Array(deflated.subarray(0, -4))], 0b100)]);
        expect(events[0]?.type).toBe(length <= maxMessageBytes ? "binary" : "closed");
      }),
      { numRuns: 300 },
    );
  });
});

test("a reason of any length gives a Close of 125 bytes at most that its peer can read", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 150 }),
      fc.integer({ min: 3000, max: 4999 }),
      (reason, code) => {
        const { payload } = closeFrame(code, reason);
        expect(payload.length).toBeLessThanOrEqual(125);
        const read = parseClosePayload(payload);
        expect(read.code).toBe(code);
        expect(reason.toWellFormed().startsWith(read.reason)).toBe(true);
        expect(read.reason.length === reason.length || payload.length > 121).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});
