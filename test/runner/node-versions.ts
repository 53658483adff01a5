import { join } from "node:path";
import type { Installation } from "./installation.ts";
import { isExecutable, tryProgram, type Surroundings } from "./surroundings.ts";

/** A Node beside the one that the project has, as npm's packages have it. */
export interface NodeVersion {
  readonly kind: "node";
  readonly name: string;
  readonly version: string;
}

/** The next line of Node that hawser runs on. */
export const Node26: NodeVersion = { kind: "node", name: "node-26", version: "26.10.0" };

const Package = `node-${process.platform}-${process.arch}`;

/** Where `node` is, or will be, in the project: not among its packages, since the programs of both have one name. */
export function nodePath(node: NodeVersion): string {
  return `${nodeFolder(node)}/node_modules/${Package}/bin/node`;
}

function nodeFolder({ version }: NodeVersion): string {
  return `node_modules/.cache/tools/node-${version}`;
}

/** Whether `node` is installed. */
export function hasNode(node: NodeVersion, { projectFolder }: Surroundings): boolean {
  return isExecutable(join(projectFolder, nodePath(node)));
}

/** Installs `node` by npm, in a folder of its own. */
export function nodeInstallation(node: NodeVersion, { searchPath }: Surroundings): Installation {
  const folder = nodeFolder(node);
  return {
    names: [node.name],
    command:
      `mkdir -p ${folder} && ` +
      `npm install --prefix ${folder} --no-save --no-package-lock --ignore-scripts --no-audit --no-fund ${Package}@${node.version}`,
    timeoutSeconds: 180,
    obstacle: tryProgram(["npm"], searchPath) === undefined ? "once npm is in PATH" : undefined,
    cure: "It needs Linux or macOS, and the registry that `npm config get registry` names.",
  };
}
