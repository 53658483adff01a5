import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Cores } from "./cores.ts";
import type { Plan } from "./measuring.ts";
import { asMarkdown, tableOf } from "./result-table.ts";
import { plotOf } from "./result-plot.ts";
import { rowsOf, type ScenarioResult } from "./results.ts";

/** All of a run. */
export interface Report {
  readonly plan: Plan;
  readonly cores: Cores;
  /** The gateway with which all are compared. */
  readonly base: string;
  readonly results: readonly ScenarioResult[];
}

/** Writes the table, the figures and the plot to files of today's in `folder`; without a peer there is nothing to plot. */
export async function writeReport(folder: string, report: Report): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const file = (ending: string): string => join(folder, `relay-${date}.${ending}`);
  await writeFile(file("md"), markdownOf(report, date));
  await writeFile(file("json"), `${JSON.stringify(jsonOf(report, date), undefined, 2)}\n`);
  if (report.plan.gateways.length > 1) await writeFile(file("svg"), plotOf(report.results, report.base));
}

function markdownOf({ plan, cores, base, results }: Report, date: string): string {
  const versions = plan.gateways.map(({ name, version }) => `${name} (${version})`).join(", ");
  const legend = results.map(({ scenario }) => `- **${scenario.name}**: ${scenario.what}`).join("\n");
  return `# \`npm run bench\`, ${date}

${versions}. ${cpus()[0]?.model ?? "Unknown"}, ${cores.what}.

Rounds: ${plan.rounds}, of ${plan.seconds} s for each gateway in turn. All figures are medians. Ratios are of costs in the same round, with the
quarters around them.

${asMarkdown(tableOf(results, base))}
${legend}
${plan.gateways.length > 1 ? `\n![Cost as a multiple of ${base}'s](relay-${date}.svg)\n` : ""}`;
}

function jsonOf({ plan, cores, base, results }: Report, date: string): unknown {
  return {
    date,
    machine: { cpu: cpus()[0]?.model, cores: cores.what },
    versions: Object.fromEntries(plan.gateways.map(({ name, version }) => [name, version])),
    rounds: plan.rounds,
    seconds: plan.seconds,
    base,
    scenarios: results.map((result) => ({
      ...result.scenario,
      gateways: rowsOf(result, base).map((row) => ({ ...row, samples: result.rounds.get(row.gateway) })),
    })),
  };
}
