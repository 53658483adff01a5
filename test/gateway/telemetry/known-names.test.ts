import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownNames } from "../../../src/gateway/telemetry/known-names.ts";

/** Names that leave one after the other. */
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

describe("names that left the config", () => {
  test("are kept up to a hundred, and the first to leave is the first to be forgotten", () => {
    const known = new KnownNames();
    const forgotten = numbers(103).flatMap((name) => known.replace([name]));
    expect(forgotten).toEqual(["n0", "n1"]);
  });

  test("are not forgotten when they come back", () => {
    const known = new KnownNames();
    known.replace(["chat"]);
    for (const name of numbers(100)) known.replace([name]);
    expect(known.replace(["chat"])).toEqual([]);
    expect(known.replace([])).toEqual(["n0"]);
  });

  test("are not forgotten before they are idle", () => {
    const known = new KnownNames();
    for (const name of numbers(101)) known.replace([name]);
    expect(known.replace([], (name) => name !== "n0")).toEqual([]);
    expect(known.replace([])).toEqual(["n0"]);
  });

  test("are never one of the config's, and never more than a hundred", () => {
    const anyConfig = fc.uniqueArray(fc.integer({ min: 0, max: 300 }).map(String), { maxLength: 150 });
    fc.assert(
      fc.property(fc.array(anyConfig, { maxLength: 8 }), (configs) => {
        const known = new KnownNames();
        const kept = new Set<string>();
        for (const names of configs) {
          for (const name of names) kept.add(name);
          for (const name of known.replace(names)) {
            expect(names).not.toContain(name);
            expect(kept.delete(name)).toBe(true);
          }
          expect(kept.size - names.length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 50 },
    );
  });
});
