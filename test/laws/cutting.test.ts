import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReaders } from "../support/byte-readers.ts";
import { cutAt } from "../support/cuts.ts";
import { anyCuts, anyWire } from "./any-wire.ts";

describe("where bytes are cut changes nothing for", () => {
  test.each(ByteReaders)("$name", ({ pieces, read }) => {
    fc.assert(
      fc.property(anyWire(pieces), anyCuts, (wire, cuts) => {
        const whole = read([wire]);
        expect(read(cutAt(wire, cuts))).toEqual(whole);
        expect(read(cutAt(wire, [1]))).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });
});
