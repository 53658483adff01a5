import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const Module = pathToFileURL(join(import.meta.dirname, "../../src/cli/young-generation.ts")).href;

/** How large the young generation of a process grows that has much to keep for a while, in MiB. */
async function grownMiB(isKept: boolean): Promise<number> {
  const script = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { keepYoungGenerationSmall } from ${JSON.stringify(Module)};
    if (${isKept}) keepYoungGenerationSmall();
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

test("the young generation stays small, and would grow without that", async () => {
  const [kept, grown] = await Promise.all([grownMiB(true), grownMiB(false)]);
  expect(kept).toBeLessThan(20);
  expect(grown).toBeGreaterThan(24);
});
