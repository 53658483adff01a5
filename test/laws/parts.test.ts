import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { framePieces } from "../support/byte-pieces.ts";
import { MachinesUnderTest } from "../support/byte-readers.ts";
import { cutAt } from "../support/cuts.ts";
import { comparable, machineFaults, runMachine } from "../support/machine-run.ts";
import { anyCuts, anyWire } from "./any-wire.ts";

describe("a message in parts is the message, whenever they were asked for, and whatever becomes of the WebSocket", () => {
  test.each(MachinesUnderTest.filter(({ delivery }) => delivery === undefined))("$name", (machine) => {
    const pieces = framePieces(machine.role === "server" ? "client" : "server");
    const anyDelivery = fc.constantFrom("parts" as const, "mixed" as const);
    fc.assert(
      fc.property(anyWire(pieces, 12), anyCuts, anyDelivery, (wire, cuts, delivery) => {
        const inParts = runMachine({ ...machine, delivery }, cutAt(wire, cuts));
        expect(comparable(inParts)).toEqual(comparable(runMachine(machine, [wire])));
        expect(machineFaults(machine, inParts)).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });
});
