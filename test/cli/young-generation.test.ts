import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const Module = pathToFileURL(join(import.meta.dirname, "../../src/cli/young-generation.ts")).href;

/** How large the young generation of a process grows that has much to keep for a while, in MiB. */
async function grownMiB(call: string): Promise<number> {
  const script = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { keepYoungGenerationSmall } from ${JSON.stringify(Module)};
    ${call};
    const ring = new Array(200_000);
    let most = 0;
    for (let at = 0; at < 2_000_000; at++) {
      ring[at % ring.length] = { at, within: [at] };
      if (at % 100_000 > 0) continue;
      most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size);
    }
    console.log(most);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  return Number(stdout) / 1_048_576;
}

test("the young generation stays small, and grows where that is not asked for or its size is said", async () => {
  const calls = ["keepYoungGenerationSmall([])", "", "keepYoungGenerationSmall(['--max-semi-space-size=32'])"];
  const [kept = 0, ...grown] = await Promise.all(calls.map(grownMiB));
  // Node has already grown a little by the time it can be asked for.
  for (const large of grown) expect(large).toBeGreaterThan(kept * 1.5);
});
