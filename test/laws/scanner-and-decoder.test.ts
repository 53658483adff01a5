import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseFrameHeader } from "../../src/protocol/frame/frame-header.ts";
import { tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { isOpcode } from "../../src/protocol/frame/opcode.ts";
import { framePieces } from "../support/byte-pieces.ts";
import { codeThrown, decodeFrames, scanFrames, type ScannedFrame } from "../support/byte-readers.ts";
import { cutAt } from "../support/cuts.ts";
import { anyCuts, anyWire } from "./any-wire.ts";

const anyFrames = anyWire([...framePieces("client"), ...framePieces("server")], 12);

/** The frames of `wire`, by one whole header after the other. */
function parsed(wire: Uint8Array): { frames: ScannedFrame[]; error: string } {
  const frames: ScannedFrame[] = [];
  const error = codeThrown(() => {
    for (let at = 0, header = parseFrameHeader(wire); header; header = parseFrameHeader(wire, at)) {
      const { fin, rsv, opcode, payloadLength: length } = header;
      at += header.headerLength + length;
      if (at > wire.length) break;
      frames.push({ fin, rsv, opcode, length });
    }
  });
  return { frames, error };
}

test("scanner and decoder find the same frames and the same fault in any bytes; only the decoder minds opcodes", () => {
  fc.assert(
    fc.property(anyFrames, anyCuts, anyCuts, (wire, cuts, otherCuts) => {
      const scanned = scanFrames(cutAt(wire, cuts));
      const decoded = decodeFrames(cutAt(wire, otherCuts));
      const found = decoded.frames.map(({ fin, rsv, opcode, payload }) => ({
        fin,
        rsv,
        opcode,
        length: payload.length,
      }));
      const isRefused = decoded.error === "WS_OPCODE_RESERVED";
      const behind = scanned.frames[found.length];
      const expected = isRefused ? scanned.frames.slice(0, found.length) : scanned.frames;
      expect({ frames: found, error: decoded.error }).toEqual({
        frames: expected,
        error: isRefused ? "WS_OPCODE_RESERVED" : scanned.error,
      });
      // The header alone is enough for the decoder; the scanner may still wait for the payload.
      expect(isRefused && behind !== undefined && isOpcode(behind.opcode)).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test("the scanner finds what one header after the other finds", () => {
  fc.assert(
    fc.property(anyFrames, anyCuts, (wire, cuts) => {
      expect(scanFrames(cutAt(wire, cuts))).toEqual(parsed(wire));
    }),
    { numRuns: 500 },
  );
});

test("the decoder finds what one frame after the other finds", () => {
  fc.assert(
    fc.property(anyFrames, anyCuts, (wire, cuts) => {
      const frames: unknown[] = [];
      const error = codeThrown(() => {
        for (let at = 0, next = tryDecodeFrame(wire); next; next = tryDecodeFrame(wire, at)) {
          frames.push(next.frame);
          at += next.length;
        }
      });
      expect(decodeFrames(cutAt(wire, cuts))).toEqual({ frames, error });
    }),
    { numRuns: 500 },
  );
});
