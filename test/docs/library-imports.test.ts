import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { loadedModules } from "../support/loaded-modules.ts";

const Root = join(import.meta.dirname, "../..");

test(
  "importing the library loads nothing that npm installs, and nothing of the gateway",
  { timeout: 60_000 },
  async () => {
    const { urls, exported } = await loadedModules(pathToFileURL(join(Root, "src/index.ts")).href, Root);
    const own = urls.filter((url) => url.startsWith("file:"));
    expect(exported).toContain("WebSocketConnection");
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((url) => !url.startsWith(pathToFileURL(join(Root, "src/")).href))).toEqual([]);
    expect(own.filter((url) => url.includes("/src/gateway/") || url.includes("/src/cli/"))).toEqual([]);
  },
);

test("which is seen where something does", { timeout: 60_000 }, async () => {
  const { urls } = await loadedModules(pathToFileURL(join(Root, "src/gateway/config/schema.ts")).href, Root);
  expect(urls.some((url) => url.includes("/node_modules/zod/"))).toBe(true);
});

test("another Node than hawser needs is told so before anything else", { timeout: 60_000 }, async () => {
  // Every Node can pretend to be old; that one which is old gets so far is shown on the package.
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;
  const load = `${pretend} await import(${JSON.stringify(pathToFileURL(join(Root, "src/index.ts")).href)});`;
  const loading = promisify(execFile)(process.execPath, ["--input-type=module", "-e", load]);
  await expect(loading).rejects.toMatchObject({
    stderr: expect.stringContaining("Error: hawser needs Node.js >=24.18.1 <25 || >=26.5.1, and this is 20.20.2\n"),
  });
});
