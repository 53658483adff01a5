import { Session, type Profiler } from "node:inspector";

/** So many ways through one function are told apart at most: enough to lead on, too few to grow without end. */
const MaxPathsPerFunction = 24;

/**
 * Tells whether a run went where none went before, by the engine's own counters: some 0.3 ms each time it is asked. There is
 * one in a process, from before the first run on: once one has stopped, the engine counts no more in functions it knows.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #paths = new Map<string, Set<string>>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many ways through functions of src/ were met since the last call and never before. */
  takeNews(): number {
    let news = 0;
    for (const { url, functions } of this.#take()) {
      if (!url.includes("/src/") || url.includes("/node_modules/")) continue;
      for (const one of functions) news += this.#note(url, one) ? 1 : 0;
    }
    return news;
  }

  /** From now on everything is news again. */
  forget(): void {
    this.#take();
    this.#paths.clear();
  }

  #note(url: string, { ranges }: Profiler.FunctionCoverage): boolean {
    if (!ranges.some(({ count }) => count > 0)) return false;
    const where = `${url}:${ranges[0]?.startOffset}`;
    const paths = this.#paths.get(where) ?? new Set();
    if (paths.size === 0) this.#paths.set(where, paths);
    if (paths.size >= MaxPathsPerFunction) return false;
    const path = ranges.map(({ startOffset, count }) => `${startOffset}${count > 0 ? "+" : "-"}`).join("");
    if (paths.has(path)) return false;
    paths.add(path);
    return true;
  }

  /** A session on its own thread answers before `post` returns. */
  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error) throw error;
      scripts = taken.result;
    });
    return scripts;
  }
}
