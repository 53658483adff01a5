import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { isSupportedNode, SupportedNodes } from "../supported-node.ts";

// This file runs on any Node that reads ES modules: it must stay within what Node 18 has, and import nothing of hawser but what
// does so too.

/**
 * Returns `true` where this process may go on. Otherwise what was asked for has been done by the Node that is installed
 * with hawser, or refused where there is none: `process.exitCode` is set and there is nothing left to do.
 */
export async function ensureRuntime(): Promise<boolean> {
  if (isSupportedNode(process.versions.node)) return true;
  const pinned = tryPinnedNode();
  const exitCode = pinned === undefined ? undefined : await runAgain(pinned);
  if (exitCode === undefined) {
    process.stderr.write(
      `hawser: Node.js ${process.versions.node} misses security fixes of HTTP/2; needed is ${SupportedNodes}.\n` +
        `hawser: Start it with such a Node.js. On Linux (x64, arm64) one comes with hawser: npm install --include=optional\n`,
    );
  }
  process.exitCode = exitCode ?? 1;
  return false;
}

/** The path of the Node that npm installed with hawser, if it did and that one is new enough. */
function tryPinnedNode(): string | undefined {
  const name = `node-${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const manifest: { readonly version?: unknown } = require(`${name}/package.json`);
    // Without this check an old pinned Node would start itself again and again.
    return isSupportedNode(String(manifest.version)) ? require.resolve(`${name}/bin/node`) : undefined;
  } catch {
    return undefined;
  }
}

/** Runs this command line on `node` and returns its exit code; `undefined` where `node` does not start here. */
function runAgain(node: string): Promise<number | undefined> {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    // Ctrl-C goes to a whole process group, and hawser takes a second signal for "at once": only the one passed on counts.
    detached: true,
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    // A binary for another libc is there and cannot be started.
    child.on("error", () => resolve(undefined));
    child.on("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}
