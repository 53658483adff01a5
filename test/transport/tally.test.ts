import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Tally } from "../../src/transport/tally.ts";

test("counts what was added and not removed again, and keeps no key that has none", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean()));
  fc.assert(
    fc.property(steps, (taken) => {
      const tally = new Tally<string>();
      const model: Record<string, number> = { a: 0, b: 0, c: 0 };
      for (const [key, isAdded] of taken) {
        if (isAdded) tally.add(key);
        else tally.remove(key);
        model[key] = Math.max(0, model[key]! + (isAdded ? 1 : -1));
        expect(tally.of(key)).toBe(model[key]);
      }
      expect(tally.size).toBe(Object.values(model).filter((count) => count > 0).length);
    }),
  );
});
