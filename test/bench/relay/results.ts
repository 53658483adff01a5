import { OwnName } from "./gateways.ts";
import { medianOf, pairedRatio, type Rounds, type Spread } from "./ratios.ts";
import type { Scenario } from "./scenarios.ts";

/** All that was measured in one scenario, by gateway. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly rounds: ReadonlyMap<string, Rounds>;
}

/** A gateway in a scenario, as it is shown. */
export interface Row {
  readonly gateway: string;
  readonly cost: number | undefined;
  /** Its cost as a multiple of the base's; none of the base itself. */
  readonly toBase: Spread | undefined;
  /** The cost of hawser as a multiple of its own; none of hawser itself. */
  readonly hawserTo: Spread | undefined;
  readonly perSecond: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly gatewayShare: number | undefined;
}

/** @param base - the gateway with which all are compared. */
export function rowsOf({ rounds }: ScenarioResult, base: string): readonly Row[] {
  return Array.from(rounds, ([gateway, own]) => ({
    gateway,
    cost: medianOf(own, "cost"),
    toBase: gateway === base ? undefined : pairedRatio(own, rounds.get(base) ?? []),
    hawserTo: gateway === OwnName ? undefined : pairedRatio(rounds.get(OwnName) ?? [], own),
    perSecond: medianOf(own, "perSecond"),
    p50Ms: medianOf(own, "p50Ms"),
    p99Ms: medianOf(own, "p99Ms"),
    gatewayShare: medianOf(own, "gatewayShare"),
  }));
}
