import { runLoad } from "./loads.ts";
import type { LoadOrder, LoadReport } from "./load.ts";
import { Tally } from "./tally.ts";

// Runs in a process of its own, started with IPC: does one LoadOrder after the other, and answers each with a LoadReport.
// It lives as long as the bench, so that its code is compiled when it counts.

/** @returns what a message from the bench is answered. */
async function reportOf(order: LoadOrder): Promise<LoadReport> {
  try {
    return { sample: await runLoad(order, new Tally()) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (order) => void reportOf(order as LoadOrder).then((report) => process.send?.(report)));
process.on("disconnect", () => process.exit());
process.send?.("ready");
