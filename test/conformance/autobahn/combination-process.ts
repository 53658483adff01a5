import { ConformanceCases } from "./cases.ts";
import { Combinations } from "./combinations.ts";
import { runCase } from "./run-case.ts";

// A process of run.ts: runs all cases in the combination of this name, and tells each verdict as it comes.

const combination = Combinations.find(({ name }) => name === process.argv[2]);
if (combination === undefined) throw new Error("which combination?");
// Nobody waits for the rest when the parent is gone.
process.once("disconnect", () => process.exit());
const endpoint = await combination.start();
for (const testCase of ConformanceCases) process.send?.(await runCase(testCase, endpoint));
await endpoint.close();
process.disconnect();
