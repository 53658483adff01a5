import { execFileSync } from "node:child_process";
import { ownSurroundings, tryProgram } from "../../runner/surroundings.ts";

/** Which core the gateway has; `undefined` where there is no taskset, or no second core. */
export interface Cores {
  readonly gateway: string | undefined;
  /** In words. */
  readonly what: string;
}

/** Moves this process, and what it will start, to the cores beside the gateway's: the load is not to disturb it. */
export function divideCores(count: number): Cores {
  if (tryProgram(["taskset"], ownSurroundings().searchPath) === undefined || count < 2) {
    return { gateway: undefined, what: `${count} cores, shared by the gateway and the load` };
  }
  const load = count === 2 ? "0" : `0,2-${count - 1}`;
  execFileSync("taskset", ["-a", "-c", "-p", load, String(process.pid)], { stdio: "ignore" });
  return { gateway: "1", what: `${count} cores: the gateway on 1, the load on ${load}` };
}
