// What a relayed WebSocket message costs, in CPU of the gateway, beside the peers that are in PATH: `npm run bench`.
//
// `--scenarios S1,S2`, `--peers haproxy,nghttpx`, `--rounds 9`, `--seconds 3` and `--engine node` are for a closer look. With
// `--write` the result goes to dated files here. Read the ratios, and how they spread: on a shared machine the figures swing.

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { testCertificate } from "../support/certificates.ts";
import { writeCertificate } from "./relay/certificate-files.ts";
import { divideCores, type Cores } from "./relay/cores.ts";
import { findPeers, hawser, OwnName } from "./relay/gateways.ts";
import { LoadProcesses } from "./relay/load-processes.ts";
import { Measuring, type Plan } from "./relay/measuring.ts";
import { Progress } from "./relay/progress.ts";
import { writeReport } from "./relay/report.ts";
import { asText, tableOf } from "./relay/result-table.ts";
import type { ScenarioResult } from "./relay/results.ts";
import { parseScenarios, Scenarios } from "./relay/scenarios.ts";

const { values: options } = parseArgs({
  options: {
    scenarios: { type: "string", default: Scenarios.map(({ name }) => name).join() },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1.5" },
    peers: { type: "string", default: "haproxy,nghttpx,envoy,nginx" },
    engine: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

/** Measures all, shows it, and returns how many measurements were left out. */
async function main(): Promise<number> {
  const peers = findPeers(options.peers);
  const plan: Plan = {
    scenarios: parseScenarios(options.scenarios),
    gateways: [hawser(options.engine), ...peers],
    rounds: Number(options.rounds),
    seconds: Number(options.seconds),
  };
  const base = peers[0]?.name ?? OwnName;
  const cores = divideCores(cpus().length);
  console.log(`${cores.what}. ${plan.gateways.map(({ name, version }) => `${name} (${version})`).join(", ")}.`);
  const missing = options.peers
    .split(",")
    .filter((wanted) => wanted !== "" && !peers.some(({ name }) => name === wanted));
  if (missing.length > 0) console.log(`Not in PATH, and left out: ${missing.join(", ")}.`);
  const progress = new Progress(plan, base, process.stdout);
  const results = await measureAll(plan, cores, progress);
  console.log(`\n${asText(tableOf(results, base))}`);
  if (options.write) await writeReport(import.meta.dirname, { plan, cores, base, results });
  return progress.failures;
}

async function measureAll(plan: Plan, cores: Cores, progress: Progress): Promise<readonly ScenarioResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-bench-"));
  const certificate = await testCertificate();
  await writeCertificate(folder, certificate);
  const load = await LoadProcesses.start();
  const around = { folder, backendPort: load.backendPort, core: cores.gateway };
  const measuring = new Measuring(plan, load, around, certificate.certificate, progress);
  const cleanUp = async (): Promise<void> => {
    await measuring.stop();
    load.stop();
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void cleanUp().then(() => process.exit(130)));
  try {
    return await measuring.run();
  } finally {
    await cleanUp();
  }
}

process.exitCode = (await main()) === 0 ? 0 : 1;
