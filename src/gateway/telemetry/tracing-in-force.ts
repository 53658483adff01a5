import { loadTracing, type Tracing, type TracingOptions } from "./tracing.ts";

/** What a config says of tracing. */
export type TracingChoice = Pick<TracingOptions, "endpoint" | "sampleRatio" | "serviceName">;

/** A tracing that was loaded and is not in force yet. */
export interface TracingChange {
  /** Takes it in force, and returns it; the one before sends what it has, with the WebSockets that are in it. */
  commit(): Tracing | undefined;
}

/** Of those that other configs asked for, so many stay for the WebSockets that began under them. */
const MaxFormer = 4;
/** Losses are told at most this often. */
const TellLossMs = 60_000;

/** The tracing of one process, from one config to the next. */
export class TracingInForce {
  readonly #version: string;
  readonly #warn: (line: string) => void;
  #choice: TracingChoice | undefined;
  #tracing: Tracing | undefined;
  /** Those before it: streams that began under them end under them. */
  readonly #former: Tracing[] = [];
  #lost = 0;
  #toldAt = -Infinity;

  /** @param warn - told, now and then, of spans that the collector did not take. */
  constructor(version: string, warn: (line: string) => void) {
    this.#version = version;
    this.#warn = warn;
  }

  /**
   * Loads what `choice` asks for, unless that is in force.
   *
   * @throws Error that says what to install.
   */
  async prepare(choice: TracingChoice | undefined): Promise<TracingChange> {
    if (isSame(choice, this.#choice)) return { commit: () => this.#tracing };
    const tracing =
      choice &&
      (await loadTracing({ ...choice, version: this.#version, onLost: (spans, reason) => this.#lose(spans, reason) }));
    return {
      commit: () => {
        if (this.#tracing !== undefined) this.#former.push(this.#tracing);
        if (this.#former.length > MaxFormer) void this.#former.shift()?.shutdown();
        this.#choice = choice;
        this.#tracing = tracing;
        return tracing;
      },
    };
  }

  /** Sends what is left. */
  async shutdown(): Promise<void> {
    const all = this.#tracing === undefined ? this.#former : [...this.#former, this.#tracing];
    await Promise.all(all.map((tracing) => tracing.shutdown()));
  }

  #lose(spans: number, reason: string): void {
    this.#lost += spans;
    const now = performance.now();
    if (now - this.#toldAt < TellLossMs) return;
    this.#toldAt = now;
    this.#warn(`tracing: ${this.#lost} spans were not taken by the collector (${reason}); look at tracing.endpoint`);
    this.#lost = 0;
  }
}

function isSame(one: TracingChoice | undefined, other: TracingChoice | undefined): boolean {
  return (
    one?.endpoint === other?.endpoint &&
    one?.sampleRatio === other?.sampleRatio &&
    one?.serviceName === other?.serviceName
  );
}
