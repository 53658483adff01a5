import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testCertificate } from "../../support/certificates.ts";
import { hawser } from "./gateways.ts";
import { LoadProcesses } from "./load-processes.ts";
import { Measuring } from "./measuring.ts";
import { parseScenarios } from "./scenarios.ts";
import { writeCertificate } from "./certificate-files.ts";

/** One round, on cores that others use, too. */
async function measure(scenarios: string, engine: string) {
  const folder = await mkdtemp(join(tmpdir(), "hawser-bench-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const certificate = await testCertificate();
  await writeCertificate(folder, certificate);
  const load = await LoadProcesses.start();
  onTestFinished(() => load.stop());
  const failures: unknown[] = [];
  const measuring = new Measuring(
    { scenarios: parseScenarios(scenarios), gateways: [hawser(engine)], rounds: 1, seconds: 0.4 },
    load,
    { folder, backendPort: load.backendPort, core: undefined },
    certificate.certificate,
    {
      onBegin: () => undefined,
      onFailure: (_scenario, _gateway, error) => void failures.push(error),
      onScenario: () => undefined,
    },
  );
  onTestFinished(() => measuring.stop());
  return { results: await measuring.run(), failures };
}

test.each(["node", "hawser"])("a round goes through a gateway with engine %s", { timeout: 30_000 }, async (engine) => {
  const { results, failures } = await measure("S1,S1r,S5,HS", engine);
  expect(failures).toEqual([]);
  const samples = results.map(({ scenario, rounds }) => ({ name: scenario.name, sample: rounds.get("hawser")?.[0] }));
  expect(samples.map(({ name }) => name)).toEqual(["S1", "S1r", "S5", "HS"]);
  for (const { sample } of samples) {
    expect(sample?.cost).toBeGreaterThan(0);
    expect(sample?.perSecond).toBeGreaterThan(50);
    expect(sample?.p99Ms).toBeGreaterThanOrEqual(sample?.p50Ms ?? Infinity);
  }
});
