import * as fc from "fast-check";
import { expect, test } from "vitest";
import { WaitingBytes } from "../../../src/transport/h2/waiting-bytes.ts";
import { pattern } from "../../support/stream-driver.ts";

const Push = fc.record({
  type: fc.constant("push" as const),
  bytes: fc.integer({ min: 1, max: 3_000 }),
  within: fc.nat(9),
});
const Shift = fc.record({ type: fc.constant("shift" as const) });

test("what is taken is what was pushed, in any order of both, and pieces handed out stay as they are", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(Push, Push, Shift), { maxLength: 80 }), (steps) => {
      const waiting = new WaitingBytes();
      let pushed = 0;
      const out: Uint8Array[] = [];
      for (const step of steps) {
        if (step.type === "push") {
          // As a part of a larger chunk.
          const chunk = Buffer.concat([
            Buffer.alloc(step.within * 1_000),
            pattern(step.bytes, pushed),
            Buffer.alloc(10),
          ]);
          waiting.push(chunk, step.within * 1_000, step.within * 1_000 + step.bytes);
          pushed += step.bytes;
        } else {
          out.push(waiting.shift() ?? new Uint8Array(0));
        }
      }
      const taken = Buffer.concat(out);
      expect(taken.equals(pattern(taken.length))).toBe(true);
      expect(waiting.bytes).toBe(pushed - taken.length);
    }),
    { numRuns: 300 },
  );
});

test("a small part of a chunk does not keep the chunk", () => {
  const waiting = new WaitingBytes();
  waiting.push(Buffer.alloc(65_536), 100, 200);
  expect(waiting.shift()?.buffer.byteLength).toBe(100);
});
