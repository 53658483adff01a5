import { startSlowPath } from "../../support/slow-path.ts";
import type { LoadOrder, Sample } from "../load/load.ts";
import { startGateway, type GatewayKind, type RunningGateway, type Surroundings } from "./gateways.ts";
import type { LoadProcesses } from "./load-processes.ts";
import type { ScenarioResult } from "./results.ts";
import type { Scenario } from "./scenarios.ts";

/** What a run measures. */
export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly gateways: readonly GatewayKind[];
  readonly rounds: number;
  /** How long each measurement takes. */
  readonly seconds: number;
}

/** Who is told how far it is. */
export interface MeasuringObserver {
  onBegin(scenario: Scenario, round: number, gateway: GatewayKind): void;
  /** That measurement is left out. */
  onFailure(scenario: Scenario, gateway: GatewayKind, error: unknown): void;
  onScenario(result: ScenarioResult): void;
}

/** What comes before a measurement, as a part of it; the first time code has to be compiled. */
const FirstWarmUp = 1;
const WarmUp = 1 / 3;

/** Measures gateways in turn: one at a time has load, and all of them in each round. */
export class Measuring {
  readonly #plan: Plan;
  readonly #load: LoadProcesses;
  readonly #around: Surroundings;
  readonly #certificate: string;
  readonly #observer: MeasuringObserver;
  readonly #running = new Map<GatewayKind, RunningGateway>();

  constructor(plan: Plan, load: LoadProcesses, around: Surroundings, certificate: string, observer: MeasuringObserver) {
    this.#plan = plan;
    this.#load = load;
    this.#around = around;
    this.#certificate = certificate;
    this.#observer = observer;
  }

  /** Does all of the plan. */
  async run(): Promise<readonly ScenarioResult[]> {
    const results: ScenarioResult[] = [];
    for (const scenario of this.#plan.scenarios) {
      const result = { scenario, rounds: await this.#rounds(scenario) };
      results.push(result);
      this.#observer.onScenario(result);
    }
    return results;
  }

  /** Ends the gateways. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (gateway) => gateway.stop()));
    this.#running.clear();
  }

  async #rounds(scenario: Scenario): Promise<ScenarioResult["rounds"]> {
    const able = this.#plan.gateways.filter(
      ({ onlyOver }) => onlyOver === undefined || onlyOver === protocolOf(scenario),
    );
    const rounds = new Map<string, (Sample | undefined)[]>(able.map(({ name }) => [name, []]));
    for (let round = 0; round < this.#plan.rounds; round++) {
      // Each is the first now and then.
      const turn = round % able.length;
      for (const kind of [...able.slice(turn), ...able.slice(0, turn)]) {
        this.#observer.onBegin(scenario, round, kind);
        rounds.get(kind.name)?.push(await this.#trySample(scenario, round, kind));
      }
    }
    return rounds;
  }

  async #trySample(scenario: Scenario, round: number, kind: GatewayKind): Promise<Sample | undefined> {
    try {
      if (scenario.freshGateway) await this.#end(kind);
      return await this.#sample(scenario, round, kind);
    } catch (error) {
      this.#observer.onFailure(scenario, kind, error);
      // Whatever has become of it: the next measurement is of a sound one.
      await this.#end(kind);
      return undefined;
    }
  }

  async #sample(scenario: Scenario, round: number, kind: GatewayKind): Promise<Sample> {
    const gateway = this.#running.get(kind) ?? (await startGateway(kind, this.#around));
    this.#running.set(kind, gateway);
    const path = scenario.path && (await startSlowPath(gateway.port, scenario.path));
    const measureMs = this.#plan.seconds * 1_000;
    const order: LoadOrder = {
      load: scenario.load,
      port: path?.port ?? gateway.port,
      pid: gateway.pid,
      certificate: this.#certificate,
      warmUpMs: measureMs * (round === 0 ? FirstWarmUp : WarmUp),
      measureMs,
    };
    try {
      return await this.#load.run(order);
    } finally {
      path?.close();
    }
  }

  async #end(kind: GatewayKind): Promise<void> {
    const gateway = this.#running.get(kind);
    this.#running.delete(kind);
    await gateway?.stop();
  }
}

function protocolOf({ load }: Scenario): "h2" | "http/1.1" {
  return load.type === "echo" ? load.protocol : "h2";
}
