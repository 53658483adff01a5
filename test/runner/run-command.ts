import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** How a command ended. */
export interface CommandRun {
  /** `undefined` where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** How many processes it had left behind; they are gone now. */
  readonly leftovers: number;
  readonly seconds: number;
  /** What it wrote to both outputs; of more than {@link MaxOutputCharacters} the end. */
  readonly output: string;
}

const MaxOutputCharacters = 1_000_000;
// A browser needs a moment to take its helper processes down.
const LeftoverGraceMs = 3000;
const Mark = "HAWSER_TEST_COMMAND";

/**
 * Runs a shell command in `folder` in a process group of its own. At `timeoutSeconds`, or when `signal` aborts, the
 * group is killed, and with it what has left the group, as browsers do: each process inherits a mark in its environment
 * by which it is found (on Linux).
 */
export async function runCommand(
  command: string,
  options: { folder: string; timeoutSeconds: number; signal: AbortSignal },
): Promise<CommandRun> {
  const startedAt = performance.now();
  const mark = `${process.pid}-${startedAt}`;
  const path = `${join(options.folder, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  // One pipe for both outputs keeps their lines in order.
  const child = spawn("sh", ["-c", `exec 2>&1; ${command}`], {
    detached: true,
    cwd: options.folder,
    env: { NO_COLOR: "1", ...process.env, FORCE_COLOR: undefined, PATH: path, [Mark]: mark },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const closed = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-MaxOutputCharacters);
  });
  const deadline = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const stop = AbortSignal.any([deadline, options.signal]);
  stop.addEventListener("abort", () => void killAll(child.pid, mark));
  const [code] = await once(child, "exit");
  const leftovers = await waitForLeftovers(mark, stop);
  await killAll(child.pid, mark);
  // Without /proc a process that escaped may hold the pipe for ever.
  await Promise.race([closed, delay(1000)]);
  return {
    exitCode: code ?? undefined,
    timedOut: deadline.aborted,
    leftovers,
    seconds: (performance.now() - startedAt) / 1000,
    output,
  };
}

/** Waits a moment for the processes with `mark` to end; returns how many have not. */
async function waitForLeftovers(mark: string, stop: AbortSignal): Promise<number> {
  const until = performance.now() + LeftoverGraceMs;
  let emptyLooks = 0;
  let left = 0;
  // A process that is just being started shows no environment for an instant: one empty look proves nothing.
  while (emptyLooks < 2 && !stop.aborted && performance.now() < until) {
    left = (await markedProcesses(mark)).length;
    emptyLooks = left === 0 ? emptyLooks + 1 : 0;
    await delay(50);
  }
  return stop.aborted ? 0 : left;
}

/** Kills the group and what carries `mark`, again and again until nothing does: a process may start another meanwhile. */
async function killAll(group: number | undefined, mark: string): Promise<void> {
  if (group !== undefined) tryKill(-group);
  const until = performance.now() + LeftoverGraceMs;
  for (;;) {
    const pids = await markedProcesses(mark);
    if (pids.length === 0 || performance.now() > until) return;
    for (const pid of pids) tryKill(pid);
    await delay(10);
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Ids of the processes that carry `mark` in their environment. */
async function markedProcesses(mark: string): Promise<readonly number[]> {
  const entries = await readdir("/proc").catch(() => []);
  const pids = entries.map(Number).filter(Number.isInteger);
  const marked = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
      return environment.split("\0").includes(`${Mark}=${mark}`);
    }),
  );
  return pids.filter((_, index) => marked[index]);
}
