import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeFor, placeOf, takesTurns, tryPriority, turnsAt } from "../../../src/transport/h2/priority.ts";

describe("a priority field", () => {
  test.each([
    ["", undefined],
    ["u=1", [1, false]],
    ["u=0, i", [0, true]],
    ["i,u=7", [7, true]],
    ["u=5,\t i=?1", [5, true]],
    ["i=?0", [3, false]],
    ['u=2;x=1;y, i;z="a,b"', [2, true]],
    ['x="u=1, i", u=4', [4, false]],
    ["u=1, u=6", [6, false]],
    ['other=(1 2;a "b" ), u=2', [2, false]],
    ["a=:YWJj:, b=tok/en, c=-1.5, *d, u=2", [2, false]],
    // What a member may not be is as if it were not there.
    ["u=8", [3, false]],
    ["u=-1, i", [3, true]],
    ["u=1.0", [3, false]],
    ['u="1"', [3, false]],
    ["u, i=1", [3, false]],
    ["U=1", undefined],
    // No dictionary.
    ["u=1,", undefined],
    ["u=1 i", undefined],
    [",u=1", undefined],
    ["u=", undefined],
    ["u=1, é", undefined],
    ["u=1;", undefined],
    ["u=(1", undefined],
  ] as const)("of %j says %j", (value, said) => {
    const [urgency, isIncremental] = said ?? [];
    expect(tryPriority(value)).toEqual(said === undefined ? undefined : { urgency, isIncremental });
  });

  test("of anything is read in time that grows with its length", () => {
    const part = fc.constantFrom("u=1", "i", ",", ";", "(", ")", " ", '"', "\\", "a=", "-1.", ":", "?1", "*");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 2_000 }), (parts) => {
        const startMs = performance.now();
        tryPriority(parts.join(""));
        expect(performance.now() - startMs).toBeLessThan(100);
      }),
    );
    for (const hostile of ["a;b".repeat(5_000), `a=(${"1 ".repeat(8_000)}`, `a=(${" ".repeat(16_000)}`]) {
      const startMs = performance.now();
      tryPriority(hostile);
      expect(performance.now() - startMs).toBeLessThan(100);
    }
  });
});

describe("the place of a stream", () => {
  test.each([
    { fields: [], place: 7, turns: true },
    { fields: ["priority", "nonsense="], place: 7, turns: true },
    { fields: ["priority", "u=0"], place: 0, turns: false },
    { fields: ["priority", "u=0, i"], place: 1, turns: true },
    { fields: ["priority", "i"], place: 7, turns: true },
    { fields: ["priority", "u=3"], place: 6, turns: false },
    { fields: ["a", "priority", "priority", "u=1", "priority", "i"], place: 3, turns: true },
    { fields: ["priority", "u=7"], place: 14, turns: false },
  ])("opened with $fields is $place", ({ fields, place, turns }) => {
    expect([placeOf(fields), takesTurns(place)]).toEqual([place, turns]);
  });

  test("where it takes turns is of the same urgency", () => {
    expect([placeFor("u=2"), turnsAt(placeFor("u=2")), turnsAt(placeFor("u=2, i"))]).toEqual([4, 5, 5]);
  });
});
