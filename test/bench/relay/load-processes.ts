import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { BackendPort } from "../load/echo-backend.ts";
import type { LoadReport } from "../load/generator.ts";
import type { LoadOrder, Sample } from "../load/load.ts";

const Folder = join(import.meta.dirname, "../load");
const StartMs = 15_000;
/** What there is around a measurement: connections, openings, calls over a slow path. */
const AroundMs = 300_000;

/** The generator and the backend, each in a process of its own, on the cores of the process that starts them. */
export class LoadProcesses {
  readonly #generator: ChildProcess;
  readonly #backend: ChildProcess;
  readonly backendPort: number;

  /** Resolves when both are ready. Whoever calls stops them; they end with this process, too. */
  static async start(): Promise<LoadProcesses> {
    const generator = fork(join(Folder, "generator.ts"), { serialization: "advanced" });
    const backend = fork(join(Folder, "echo-backend.ts"));
    const [[listening]] = await Promise.all([message(backend, StartMs), message(generator, StartMs)]);
    return new LoadProcesses(generator, backend, (listening as BackendPort).port);
  }

  private constructor(generator: ChildProcess, backend: ChildProcess, backendPort: number) {
    this.#generator = generator;
    this.#backend = backend;
    this.backendPort = backendPort;
  }

  /**
   * Has the generator do what `order` says, one at a time.
   *
   * @throws Error where it fails; where it does not come to an end, nothing more can be done.
   */
  async run(order: LoadOrder): Promise<Sample> {
    const answer = message(this.#generator, AroundMs + order.warmUpMs + order.measureMs);
    this.#generator.send(order);
    const [report] = await answer.catch((error: unknown) => {
      this.stop();
      throw error;
    });
    const result = report as LoadReport;
    if ("error" in result) throw new Error(result.error);
    return result.sample;
  }

  stop(): void {
    for (const child of [this.#generator, this.#backend]) child.kill("SIGKILL");
  }
}

async function message(child: ChildProcess, timeoutMs: number): Promise<unknown[]> {
  return await once(child, "message", { signal: AbortSignal.timeout(timeoutMs) });
}
