import type { UpstreamConfig } from "../config/config.ts";
import { UpstreamProcess } from "./upstream-process.ts";

/** A process, and what it was started for. */
interface Running {
  readonly key: string;
  readonly process: UpstreamProcess;
}

/** The processes behind those upstreams of a config that have a `command`, from one config to the next. */
export class UpstreamProcesses {
  readonly #log: (line: string) => void;
  /** Those that were told to end and have not yet, with the end of each. */
  readonly #ending = new Map<UpstreamProcess, Promise<void>>();
  #running: readonly Running[] = [];
  #isKilled = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /**
   * Starts what is new in `upstreams` and stops what is not there any more; what is the same goes on. Resolves when that is
   * done. Where a command has changed the old process ends before the new one begins: both may want the same port.
   *
   * @param folder - the working directory: the folder of the config file.
   */
  async update(upstreams: readonly UpstreamConfig[], folder: string): Promise<void> {
    const wanted = upstreams.flatMap(({ name, command }) =>
      command === undefined ? [] : [{ name, command, key: JSON.stringify([name, command, folder]) }],
    );
    const keys = new Set(wanted.map(({ key }) => key));
    const kept = this.#running.filter(({ key }) => keys.has(key));
    const ending = this.#running.filter((one) => !kept.includes(one));
    const known = new Set(kept.map(({ key }) => key));
    const added = wanted
      .filter(({ key }) => !known.has(key))
      .map(({ name, command, key }) => ({ key, process: new UpstreamProcess({ name, command, folder }, this.#log) }));
    this.#running = [...kept, ...added];
    await this.#end(ending);
    for (const { process } of added) {
      if (!this.#isKilled && this.#running.some((one) => one.process === process)) process.start();
    }
  }

  /** Stops them all; resolves when they have ended, and those that an update has stopped before. */
  async stop(): Promise<void> {
    const ending = this.#running;
    this.#running = [];
    await this.#end(ending);
  }

  /** Ends them all at once; none is started any more. */
  kill(): void {
    this.#isKilled = true;
    for (const process of [...this.#ending.keys(), ...this.#running.map((one) => one.process)]) process.kill();
  }

  /** Stops `processes`; resolves when nobody is ending any more, whoever has stopped them. */
  async #end(processes: readonly Running[]): Promise<void> {
    for (const { process } of processes) {
      this.#ending.set(
        process,
        process.stop().then(() => void this.#ending.delete(process)),
      );
    }
    await Promise.all(this.#ending.values());
  }
}
