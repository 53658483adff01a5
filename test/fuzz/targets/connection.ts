import { framePieces } from "../../support/byte-pieces.ts";
import { runConnection } from "../../support/connection-run.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

function target(role: "server" | "client"): FuzzTarget {
  const pieces = framePieces(role === "server" ? "client" : "server");
  return { name: `connection-${role}`, pieces, start: () => ({ run: (input) => runConnection(role, input) }) };
}

/** Whole connections over memory: their peer's bytes, and applications of many kinds. */
export const ConnectionTargets: readonly FuzzTarget[] = [target("server"), target("client")];
