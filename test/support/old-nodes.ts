import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { isSupportedNode } from "../../src/supported-node.ts";

/** The Nodes in PATH, and the one npm runs on, that are too old for hawser; one path per version. */
export async function oldNodes(): Promise<{ path: string; version: string }[]> {
  const inPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  const found = new Map<string, string>();
  for (const path of [process.env["npm_node_execpath"] ?? "", ...inPath]) {
    const version = await tryVersion(path);
    if (version !== undefined && !isSupportedNode(version) && !found.has(version)) found.set(version, path);
  }
  return Array.from(found, ([version, path]) => ({ version, path }));
}

async function tryVersion(path: string): Promise<string | undefined> {
  try {
    await access(path);
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 5000 });
    return stdout.trim().replace(/^v/, "");
  } catch {
    return undefined;
  }
}
