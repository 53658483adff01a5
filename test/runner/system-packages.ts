import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A package of the operating system that a suite cannot do without. */
export interface SystemPackage {
  /** Its name in Debian. */
  readonly name: string;
  /** Programs of which any one will do. */
  readonly programs: readonly string[];
}

/** The path of the first of `programs` that `searchPath` (as in `PATH`) has. */
export function tryProgram(programs: readonly string[], searchPath = process.env["PATH"] ?? ""): string | undefined {
  const candidates = programs.flatMap((program) => searchPath.split(delimiter).map((folder) => join(folder, program)));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Those of `packages` that are not installed, each once. */
export function missingPackages(packages: readonly SystemPackage[], searchPath?: string): readonly SystemPackage[] {
  return [...new Set(packages)].filter((one) => tryProgram(one.programs, searchPath) === undefined);
}

/** The shell command that installs `packages` on Debian, as root. */
export function installCommand(packages: readonly SystemPackage[]): string {
  const names = packages.map((one) => one.name).join(" ");
  return `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${names}`;
}

/** Whether {@link installCommand} may be run here without asking: by root, on Debian. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && tryProgram(["apt-get"]) !== undefined;
}
