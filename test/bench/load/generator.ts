import { runLoad } from "./loads.ts";
import type { LoadOrder, Sample } from "./load.ts";
import { Tally } from "./tally.ts";

// Runs in a process of its own, started with IPC: says that it is ready, does one LoadOrder after the other, and answers each.
// It lives as long as the bench, so that its code is compiled when it counts.

/** What came of a LoadOrder, or why nothing did. */
export type LoadReport = { readonly sample: Sample } | { readonly error: string };

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
