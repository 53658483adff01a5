import type { GatewayKind } from "./gateways.ts";
import type { MeasuringObserver, Plan } from "./measuring.ts";
import { rowsOf, type ScenarioResult } from "./results.ts";
import type { Scenario } from "./scenarios.ts";

/** Where it is written to. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows on a terminal what is measured now; and there and elsewhere what is known of each scenario as soon as it is. */
export class Progress implements MeasuringObserver {
  readonly #plan: Plan;
  readonly #base: string;
  readonly #output: ProgressOutput;
  #failures = 0;

  constructor(plan: Plan, base: string, output: ProgressOutput) {
    this.#plan = plan;
    this.#base = base;
    this.#output = output;
  }

  /** Measurements that were left out. */
  get failures(): number {
    return this.#failures;
  }

  onBegin({ name }: Scenario, round: number, gateway: GatewayKind): void {
    const { scenarios, rounds } = this.#plan;
    const number = scenarios.findIndex((scenario) => scenario.name === name) + 1;
    this.#line(`${name} (${number} of ${scenarios.length}): round ${round + 1} of ${rounds}, ${gateway.name} …`);
  }

  onFailure({ name }: Scenario, gateway: GatewayKind, error: unknown): void {
    this.#failures++;
    this.#line("");
    this.#output.write(`${name}, ${gateway.name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }

  onScenario(result: ScenarioResult): void {
    this.#line("");
    this.#output.write(`${summaryOf(result, this.#base)}\n`);
  }

  /** Puts `text` in the place of the line before. */
  #line(text: string): void {
    if (this.#output.isTTY === true) this.#output.write(`\r\u001b[K${text}`);
  }
}

function summaryOf(result: ScenarioResult, base: string): string {
  const ratios = rowsOf(result, base).flatMap(({ gateway, toBase }) => {
    return toBase === undefined ? [] : [`${gateway} ${toBase.median.toFixed(2)} × ${base}`];
  });
  return [`${result.scenario.name}: ${result.scenario.what}`, ...ratios].join(", ");
}
