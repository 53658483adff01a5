import { join } from "node:path";
import { pathToFileURL } from "node:url";
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
