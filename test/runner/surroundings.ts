import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where requirements are looked for, and who would install them. */
export interface Surroundings {
  readonly projectFolder: string;
  /** As in `PATH`. */
  readonly searchPath: string;
  readonly isRoot: boolean;
}

/** Those of this process. */
export function ownSurroundings(): Surroundings {
  return {
    projectFolder: join(import.meta.dirname, "../.."),
    searchPath: process.env["PATH"] ?? "",
    isRoot: process.getuid?.() === 0,
  };
}

/** The path of the first of `programs` that `searchPath` has. */
export function tryProgram(programs: readonly string[], searchPath: string): string | undefined {
  const candidates = programs.flatMap((program) => searchPath.split(delimiter).map((folder) => join(folder, program)));
  return candidates.find(isExecutable);
}

/** Whether `path` is there and may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
