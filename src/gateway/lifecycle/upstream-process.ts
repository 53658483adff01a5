import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

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

  /** Starts the process; a program that is not there is logged and tried again, as if it had ended. */
  start(): void {
    const { name, command, folder } = this.#options;
    const [program, ...args] = command;
    const startedAt = Date.now();
    const child = spawn(program === "node" ? process.execPath : program, args, {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => this.#log(`upstream ${name}: ${line}`));
    }
    child.on("error", (error) => this.#log(`upstream ${name}: ${program} cannot run: ${error.message}`));
    child.on("close", (code, signal) => this.#ended(signal ?? `exit code ${code}`, Date.now() - startedAt));
  }

  /** Ends the process: SIGTERM, and SIGKILL after 3 s. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdin?.end();
    child.kill("SIGTERM");
    const killTimer = setTimeout(() => child.kill("SIGKILL"), KillAfterMs);
    await gone;
    clearTimeout(killTimer);
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
