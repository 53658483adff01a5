import type { Installation } from "./installation.ts";
import { tryProgram, type Surroundings } from "./surroundings.ts";

/** A package of the operating system that a suite cannot do without. */
export interface SystemPackage {
  readonly kind: "system";
  /** Its name in Debian. */
  readonly name: string;
  /** Programs of which any one will do. */
  readonly programs: readonly string[];
}

/** Whether `one` is installed. */
export function hasSystemPackage(one: SystemPackage, { searchPath }: Surroundings): boolean {
  return tryProgram(one.programs, searchPath) !== undefined;
}

/** Installs `packages`; without asking where that may be: by root, on Debian. */
export function systemInstallation(
  packages: readonly SystemPackage[],
  { isRoot, searchPath }: Surroundings,
): Installation {
  const names = packages.map((one) => one.name);
  const may = isRoot && tryProgram(["apt-get"], searchPath) !== undefined;
  return {
    names,
    command: `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${names.join(" ")}`,
    timeoutSeconds: 600,
    obstacle: may ? undefined : "on Debian, as root",
    cure: "It needs Debian's package sources, and nobody else who installs.",
  };
}
