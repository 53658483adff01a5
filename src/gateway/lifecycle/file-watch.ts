import { realpathSync, statSync, watch, type BigIntStats, type FSWatcher } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Settling } from "./settling.ts";

/** Looks that happen anyhow: for what the system does not tell, and where it does not let us watch. */
const PollMs = 5_000;
/** So long at most is a change kept back, in a folder that is never quiet. */
const MaxSettleMs = 2_000;
/** How far the time that the system gives a file may be behind: it takes that of its last tick. */
const TickMs = 20;

/** When a {@link FileWatch} looks and tells. */
export interface FileWatchOptions {
  /** Without any change in the folders of the files, before a change is told. */
  readonly settleMs: number;
  readonly pollMs?: number;
  /** When the files that are watched first were read, as `Date.now` has it: what has changed since then will be told. */
  readonly readSinceMs: number;
}

/** What a file was when it was looked at. */
interface FileState {
  /** Where it really is; `undefined` where it is not. */
  readonly path: string | undefined;
  /** Differs where the file does. */
  readonly print: string;
}

/**
 * Tells when one of several files has changed, come or gone. What counts is what the files are: the events of their folders
 * only say when to look. So a file that is renamed over, written in parts, or reached by a symbolic link that is exchanged
 * (Kubernetes does so with `..data`) is one change. Does not keep the process alive.
 */
export class FileWatch {
  readonly #onChange: () => void;
  readonly #settling: Settling;
  readonly #poll: NodeJS.Timeout;
  /** As they were when a change was told last, or when they were first named. */
  #told: ReadonlyMap<string, FileState>;
  #folders: readonly FSWatcher[] = [];
  #isChecking = false;
  #isClosed = false;

  /**
   * @param files - absolute paths. They need not exist.
   * @param onChange - must not throw. Told when all is quiet, of a whole burst once. What is read then or later is told
   *   again if it has changed since.
   */
  constructor(
    files: readonly string[],
    onChange: () => void,
    { settleMs, readSinceMs, pollMs = PollMs }: FileWatchOptions,
  ) {
    this.#onChange = onChange;
    this.#settling = new Settling({ settleMs, maxMs: MaxSettleMs }, () => void this.#check());
    this.#told = new Map(files.map((file) => [file, stateAsRead(file, readSinceMs)]));
    this.#watchFolders();
    this.#poll = setInterval(() => void this.#lookForChange(), pollMs).unref();
  }

  /**
   * Watches `files` from now on. For those that were watched before, a change that is not told yet still will be; so will one
   * of the others since `readSinceMs`.
   */
  replace(files: readonly string[], readSinceMs: number): void {
    if (this.#isClosed) return;
    const before = this.#told;
    this.#told = new Map(files.map((file) => [file, before.get(file) ?? stateAsRead(file, readSinceMs)]));
    this.#watchFolders();
  }

  /** Nothing is told from now on. */
  close(): void {
    this.#isClosed = true;
    this.#settling.cancel();
    clearInterval(this.#poll);
    for (const folder of this.#folders) folder.close();
    this.#folders = [];
  }

  async #lookForChange(): Promise<void> {
    if ((await this.#tryChange()) !== undefined && !this.#isClosed) this.#settling.touch();
  }

  async #check(): Promise<void> {
    // A folder that answers slowly, over a network, is asked once at a time.
    if (this.#isChecking) return this.#settling.touch();
    this.#isChecking = true;
    const before = this.#told;
    const changed = await this.#tryChange();
    this.#isChecking = false;
    if (this.#isClosed || changed === undefined) return;
    if (this.#told !== before) return this.#settling.touch();
    this.#told = changed;
    // Links lead elsewhere now, or a folder is another of the same name.
    this.#watchFolders();
    this.#onChange();
  }

  /** What the files are, if that is not what was told last. */
  async #tryChange(): Promise<ReadonlyMap<string, FileState> | undefined> {
    const told = this.#told;
    const now = await Promise.all([...told.keys()].map(async (file) => [file, await stateOf(file)] as const));
    return now.some(([file, { print }]) => print !== told.get(file)?.print) ? new Map(now) : undefined;
  }

  /** Files are watched by their folders: one that is renamed over is another file. */
  #watchFolders(): void {
    for (const folder of this.#folders) folder.close();
    const folders = new Set<string>();
    for (const [file, { path }] of this.#told) {
      folders.add(dirname(file));
      if (path !== undefined) folders.add(dirname(path));
    }
    this.#folders = [...folders].flatMap((folder) => this.#tryWatch(folder) ?? []);
    // What the watchers of before had not told yet, they never will.
    this.#settling.touch();
  }

  /** `undefined` where the system cannot, because there is none or it watches as many as it may. */
  #tryWatch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settling.touch());
      return watcher.on("error", () => watcher.close());
    } catch {
      return undefined;
    }
  }
}

/** As `file` was when it was read; where it may have become another one since then, it is another. */
function stateAsRead(file: string, readSinceMs: number): FileState {
  const state = stateNow(file);
  const latestMs = Math.max(changedAtMs(file, "ctimeMs"), changedAtMs(dirname(file), "mtimeMs"));
  return latestMs < readSinceMs - TickMs ? state : { ...state, print: "" };
}

/** Of a folder `mtimeMs` tells when a name in it, or what the name stands for, was last exchanged. */
function changedAtMs(path: string, which: "ctimeMs" | "mtimeMs"): number {
  return statSync(path, { throwIfNoEntry: false })?.[which] ?? 0;
}

function stateNow(file: string): FileState {
  try {
    return stateFrom(realpathSync(file), statSync(file, { bigint: true }));
  } catch (error) {
    return absent(error);
  }
}

async function stateOf(file: string): Promise<FileState> {
  try {
    return stateFrom(await realpath(file), await stat(file, { bigint: true }));
  } catch (error) {
    return absent(error);
  }
}

function stateFrom(path: string, { dev, ino, size, mtimeNs }: BigIntStats): FileState {
  return { path, print: `${path} ${dev} ${ino} ${size} ${mtimeNs}` };
}

function absent(error: unknown): FileState {
  return { path: undefined, print: String(error instanceof Error && "code" in error ? error.code : error) };
}
