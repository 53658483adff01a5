import * as fc from "fast-check";
import { expect, test } from "vitest";
import { framePieces } from "../support/byte-pieces.ts";
import { runConnection } from "../support/connection-run.ts";
import { anyWire } from "./any-wire.ts";

test.each(["server", "client"] as const)(
  "whatever a %s's peer sends and its application does, it ends once, and what it sent can be read",
  async (role) => {
    const pieces = framePieces(role === "server" ? "client" : "server");
    await fc.assert(
      fc.asyncProperty(anyWire(pieces, 10), async (wire) => {
        expect(await runConnection(role, wire)).toMatch(/^[a-z-]+ \d{4} /);
      }),
      { numRuns: 200 },
    );
  },
);
