import { spawn, type ChildProcess } from "node:child_process";
import { tellLines } from "./output-lines.ts";

const FirstRestartMs = 250;
const LongestRestartMs = 10_000;
/** A process that ran this long was sound: its next restart waits as little as the first one. */
const SoundAfterMs = 30_000;
const KillAfterMs = 3_000;

/** How to start the process behind an upstream. */
export interface UpstreamCommand {
  /** Name of the upstream, for the log. */
  readonly name: string;
  /** Program and arguments. `node` means the Node that runs hawser. */
  readonly command: readonly [string, ...string[]];
  /** Working directory: the folder of the config file. */
  readonly folder: string;
}

/**
 * A backend that lives and dies with the gateway. If it ends by itself it is started again, after 250 ms at first and at
 * most 10 s later; its standard output goes to the log, and its standard input ends when the gateway does, whatever ended it.
 *
 * It leads a process group of its own: what it starts ends with it, and a Ctrl-C at the terminal does not take it from the
 * streams that the gateway is still closing.
 */
export class UpstreamProcess {
  readonly #options: UpstreamCommand;
  readonly #log: (line: string) => void;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #restartMs = FirstRestartMs;
  #stopping = false;

  constructor(options: UpstreamCommand, log: (line: string) => void) {
    this.#options = options;
    this.#log = log;
  }

  /** Starts the process; a program that cannot be run is logged and tried again, as if it had ended. */
  start(): void {
    const startedAt = performance.now();
    try {
      const child = this.#spawn();
      this.#child = child;
      child.on("error", (error) => this.#logFailure(error));
      child.on("close", (code, signal) => this.#ended(signal ?? `exit code ${code}`, performance.now() - startedAt));
      child.stdin?.on("error", () => undefined);
      // Without descriptors there is a process object, but none of its streams.
      for (const input of [child.stdout, child.stderr]) {
        if (input) tellLines(input, (line) => this.#log(`upstream ${this.#options.name}: ${line}`));
      }
    } catch (error) {
      this.#logFailure(error);
      this.#ended("never started", 0);
    }
  }

  /** Ends the process and what it started: SIGTERM, and SIGKILL after 3 s. Resolves when it is gone, soon after that. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdin?.end();
    signalGroup(child, "SIGTERM");
    const killTimer = setTimeout(() => this.kill(), KillAfterMs);
    await gone;
    clearTimeout(killTimer);
  }

  /** Ends the process and what it started at once, and does not wait for it. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.#child === undefined) return;
    signalGroup(this.#child, "SIGKILL");
    // Whoever left the group and still holds these would keep 'close' from coming.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #spawn(): ChildProcess {
    const [program, ...args] = this.#options.command;
    return spawn(program === "node" ? process.execPath : program, args, {
      cwd: this.#options.folder,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
  }

  #logFailure(error: unknown): void {
    const { name, command } = this.#options;
    this.#log(`upstream ${name}: ${command[0]} cannot run: ${error instanceof Error ? error.message : String(error)}`);
  }

  #ended(how: string, ranMs: number): void {
    this.#child = undefined;
    if (this.#stopping) return;
    if (ranMs >= SoundAfterMs) this.#restartMs = FirstRestartMs;
    this.#log(`upstream ${this.#options.name}: its process ended (${how}); starting it again in ${this.#restartMs} ms`);
    this.#restart = setTimeout(() => this.start(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, LongestRestartMs);
  }
}

/** Signals `child` and what it started. Harmless when they are gone, or `child` never came to run. */
function signalGroup({ pid }: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of it is left.
  }
}
