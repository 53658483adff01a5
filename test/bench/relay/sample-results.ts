import type { Sample } from "../load/load.ts";
import type { ScenarioResult } from "./results.ts";
import { parseScenarios } from "./scenarios.ts";

const Nothing = {
  perSecond: undefined,
  p50Ms: undefined,
  p99Ms: undefined,
  gatewayShare: undefined,
  memory: undefined,
};

/** What a run might have brought in the scenario `name`: a cost for each round of each gateway, `undefined` where it failed. */
export function resultOf(
  name: string,
  costs: Readonly<Record<string, readonly (number | undefined)[]>>,
  figures: Partial<Sample> = {},
): ScenarioResult {
  const [scenario] = parseScenarios(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const rounds = Object.entries(costs).map(([gateway, each]) => {
    const samples = each.map((cost) => (cost === undefined ? undefined : { ...Nothing, ...figures, cost }));
    return [gateway, samples] as const;
  });
  return { scenario, rounds: new Map(rounds) };
}
