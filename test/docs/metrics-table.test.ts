import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { Metrics } from "../../src/gateway/telemetry/metrics.ts";
import { StreamRegistry } from "../../src/gateway/telemetry/stream-registry.ts";
import { WorkerMetrics } from "../../src/gateway/telemetry/worker-metrics.ts";

/** The names in the first column of the table of metrics: `_total` behind a comma goes on with the name before it. */
async function documentedNames(): Promise<string[]> {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, section = ""] = /## What is measured\n([^]*?)\n### /.exec(readme) ?? [];
  const cells = section.split("\n").flatMap((line) => /^\| (`hawser_[^|]*)\|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => {
    const words = [...cell.matchAll(/`([a-z0-9_]+)`/g)].map(([, word = ""]) => word);
    const stem = words[0]?.replace(/_open$/, "") ?? "";
    return words.map((word) => (word.startsWith("hawser_") ? word : stem + word));
  });
}

test("the README names each metric of hawser's, and none that there is not", async () => {
  const asked = { version: "1", handshakesWaiting: () => 0, logLinesDropped: () => 0 };
  const metrics = new Metrics(new StreamRegistry(), asked);
  const families = [...(await metrics.families()), ...(await new WorkerMetrics(1).families())];
  const names = families.map(({ name }) => name).filter((name) => name.startsWith("hawser_"));
  expect((await documentedNames()).toSorted()).toEqual(names.toSorted());
});
