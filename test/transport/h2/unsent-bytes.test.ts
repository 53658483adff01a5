import * as fc from "fast-check";
import { expect, test } from "vitest";
import { UnsentBytes } from "../../../src/transport/h2/unsent-bytes.ts";
import { pattern } from "../../support/stream-driver.ts";

const Push = fc.record({
  type: fc.constant("push" as const),
  bytes: fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 40_000 })),
  within: fc.nat(9),
  lifetime: fc.constantFrom("kept" as const, "call" as const),
});
const Part = fc.record({ type: fc.constant("part" as const), bytes: fc.integer({ min: 1, max: 3_000 }) });
const Take = fc.record({ type: fc.constant("take" as const), bytes: fc.integer({ min: 1, max: 17_000 }) });

test("what is taken is what was pushed, whoever writes to it afterwards, and each part is told of", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(Push, Push, Part, Take, Take), { maxLength: 80 }), (steps) => {
      // Two use the same blocks.
      const [unsent, other] = [new UnsentBytes(), new UnsentBytes()];
      let pushed = 0;
      let parts = 0;
      let told = 0;
      const out: Uint8Array[] = [];
      for (const step of steps) {
        if (step.type === "push") {
          // As a part of a larger chunk.
          const start = step.within * 1_000;
          const chunk = Buffer.concat([Buffer.alloc(start), pattern(step.bytes, pushed), Buffer.alloc(10)]);
          unsent.push(chunk, start, start + step.bytes, step.lifetime);
          if (step.lifetime === "call") chunk.fill(0xee);
          other.push(Buffer.alloc(step.bytes, 0xdd), 0, step.bytes, "call");
          pushed += step.bytes;
        } else if (step.type === "part") {
          unsent.pushPart(pattern(step.bytes, pushed), () => told++);
          parts++;
          pushed += step.bytes;
        } else {
          const target = Buffer.alloc(Math.min(step.bytes, unsent.bytes) + 3);
          unsent.take(target, 3, target.length - 3);
          out.push(target.subarray(3));
          other.take(Buffer.alloc(20_000), 0, Math.min(step.bytes, other.bytes));
        }
      }
      const rest = Buffer.alloc(unsent.bytes);
      unsent.take(rest, 0, rest.length);
      const taken = Buffer.concat([...out, rest]);
      expect(taken.length).toBe(pushed);
      expect(taken.equals(pattern(pushed))).toBe(true);
      expect(told).toBe(parts);
      other.drop();
    }),
    { numRuns: 300 },
  );
});

test("who drops the rest when told that a part was taken gives no block back twice", () => {
  const unsent = new UnsentBytes();
  unsent.push(pattern(100), 0, 100, "call");
  unsent.pushPart(pattern(10), () => unsent.drop());
  unsent.push(pattern(100), 0, 100, "call");
  unsent.take(Buffer.alloc(110), 0, 110);
  expect(unsent.bytes).toBe(0);
  const [one, two, three] = [new UnsentBytes(), new UnsentBytes(), new UnsentBytes()];
  for (const [at, each] of [one, two, three].entries()) each.push(pattern(100, at), 0, 100, "call");
  for (const [at, each] of [one, two, three].entries()) {
    const target = Buffer.alloc(100);
    each.take(target, 0, 100);
    expect(target.equals(pattern(100, at))).toBe(true);
  }
});
