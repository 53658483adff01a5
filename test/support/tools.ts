import { access } from "node:fs/promises";
import { join } from "node:path";
import { goToolPath, H2spec } from "../runner/go-tools.ts";
import { hasPythonPackage, Python, PythonFolder, WebSocketPackages } from "../runner/python-packages.ts";
import { ownSurroundings, tryProgram } from "../runner/surroundings.ts";

/** How a Python is started that has a library. */
export interface PythonStart {
  readonly program: string;
  /** Goes on top of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The path of h2spec.
 *
 * @throws Error that says how to install it.
 */
export async function h2specProgram(): Promise<string> {
  const path = join(ownSurroundings().projectFolder, goToolPath(H2spec));
  await access(path).catch(() => {
    throw new Error(
      "h2spec is not installed. Where Go is in PATH, this installs it and runs its tests: npm test -- h2spec",
    );
  });
  return path;
}

/**
 * The Python that has the package `library`.
 *
 * @throws Error that says how to install them.
 */
export async function pythonFor(library: string): Promise<PythonStart> {
  const around = ownSurroundings();
  const program = tryProgram(Python.programs, around.searchPath);
  const isThere = WebSocketPackages.some((one) => one.name === library && hasPythonPackage(one, around));
  if (program === undefined || !isThere) {
    throw new Error(
      `Python's ${library} is not installed. Where pip is, this does it and runs its tests: npm test -- interop`,
    );
  }
  // What Python compiles stays out of the tree.
  const env = { PYTHONPATH: join(around.projectFolder, PythonFolder), PYTHONDONTWRITEBYTECODE: "1" };
  return { program, env };
}
