import { differencesOf } from "../../support/h2-session-comparison.ts";
import { SessionEngine } from "../../support/h2-session-engines.ts";
import { NumbersPerStep, stepOf, type SessionStep } from "../../support/h2-session-steps.ts";
import { refuseFaults, type FuzzSubject, type FuzzTarget } from "../fuzz-target.ts";

const MaxSteps = 80;

class EnginesSubject implements FuzzSubject {
  readonly #node: SessionEngine;
  readonly #hawser: SessionEngine;

  private constructor(node: SessionEngine, hawser: SessionEngine) {
    this.#node = node;
    this.#hawser = hawser;
  }

  static async start(): Promise<EnginesSubject> {
    return new EnginesSubject(await SessionEngine.start("node"), await SessionEngine.start("hawser"));
  }

  async run(input: Uint8Array): Promise<string> {
    const steps = stepsOf(input);
    const node = await this.#node.play(steps);
    const hawser = await this.#hawser.play(steps);
    refuseFaults(differencesOf(node, hawser));
    return [hawser.outcome, ...hawser.streams.map(({ client }) => client.end)].slice(0, 6).join();
  }

  stop(): Promise<void> {
    this.#node.stop();
    this.#hawser.stop();
    return Promise.resolve();
  }
}

function stepsOf(input: Uint8Array): SessionStep[] {
  const count = Math.min(MaxSteps, Math.floor(input.length / NumbersPerStep));
  return Array.from({ length: count }, (_, at) =>
    stepOf([...input.subarray(at * NumbersPerStep, (at + 1) * NumbersPerStep)]),
  );
}

/** Openings, content, and waiting for both; the rest is left to chance. */
const Pieces: readonly Uint8Array[] = [
  [0, 0, 0, 1, 0],
  [0, 0, 1, 1, 1],
  [6, 0, 100, 0, 0],
  [6, 0, 5, 0, 1],
  [14, 0, 3, 10, 200],
  ...Array.from({ length: 18 }, (_, kind) => [19 + kind, 0, 1, 1, 1]),
].map((numbers) => Uint8Array.from(numbers));

/** Sessions that both HTTP/2 engines play: each input is the steps of one. */
export const EnginesTargets: readonly FuzzTarget[] = [
  { name: "http2-engines", pieces: Pieces, start: () => EnginesSubject.start() },
];
