import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { framePieces } from "../support/byte-pieces.ts";
import { MachinesUnderTest } from "../support/byte-readers.ts";
import { cutAt } from "../support/cuts.ts";
import { machineFaults, runMachine } from "../support/machine-run.ts";
import { anyCuts, anyWire } from "./any-wire.ts";

describe("whatever a machine reads, it ends once, with a code of the catalogue, one Close at most, within its limits", () => {
  test.each(MachinesUnderTest)("$name", (machine) => {
    const pieces = framePieces(machine.role === "server" ? "client" : "server");
    fc.assert(
      fc.property(anyWire(pieces, 12), anyCuts, (wire, cuts) => {
        expect(machineFaults(machine, runMachine(machine, cutAt(wire, cuts)))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
