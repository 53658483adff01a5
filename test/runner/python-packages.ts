import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Installation } from "./installation.ts";
import { tryProgram, type Surroundings } from "./surroundings.ts";
import type { SystemPackage } from "./system-packages.ts";

/** A package of PyPI. */
export interface PythonPackage {
  readonly kind: "python";
  readonly name: string;
  readonly version: string;
}

export const Python: SystemPackage = { kind: "system", name: "python3", programs: ["python3"] };
/** What installs Python packages, and is needed for nothing else. */
export const Pip: SystemPackage = { kind: "system", name: "python3-pip", programs: ["pip3"] };

/** Two WebSocket libraries, and all they are made of. */
export const WebSocketPackages: readonly PythonPackage[] = [
  { kind: "python", name: "websockets", version: "17.4" },
  { kind: "python", name: "wsproto", version: "1.3.2" },
  { kind: "python", name: "h11", version: "0.16.0" },
];

/** The folder of the project that has them, as for PYTHONPATH. */
export const PythonFolder = "node_modules/.cache/tools/python";

/** Whether `one` is installed, in its version. */
export function hasPythonPackage({ name, version }: PythonPackage, { projectFolder }: Surroundings): boolean {
  return existsSync(join(projectFolder, PythonFolder, `${name}-${version}.dist-info`));
}

/** Installs `packages` in place of all that were there. */
export function pythonInstallation(packages: readonly PythonPackage[], { searchPath }: Surroundings): Installation {
  const versions = packages.map(({ name, version }) => `${name}==${version}`).join(" ");
  const has = [Python, Pip].every(({ programs }) => tryProgram(programs, searchPath) !== undefined);
  return {
    names: packages.map((one) => one.name),
    command: `rm -rf ${PythonFolder} && python3 -m pip install --no-deps --target ${PythonFolder} ${versions}`,
    timeoutSeconds: 180,
    obstacle: has ? undefined : `once Python 3.11 or later and its pip are there (Debian: ${Python.name}, ${Pip.name})`,
    cure: "It needs Python 3.11 or later with pip, and the package index that `python3 -m pip config list` names, or PyPI.",
  };
}
