import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSupportedNode, SupportedNodes } from "../src/supported-node.ts";

test.each([
  { version: "18.20.8", supported: false },
  { version: "20.20.2", supported: false },
  { version: "22.23.2", supported: false },
  { version: "24.18.0", supported: false },
  { version: "24.18.1", supported: true },
  { version: "24.19.0", supported: true },
  { version: "25.9.9", supported: false },
  { version: "26.0.0", supported: false },
  { version: "26.5.0", supported: false },
  { version: "26.5.1", supported: true },
  { version: "26.10.0", supported: true },
  { version: "27.0.0", supported: true },
  { version: "26.5.1-nightly20261120", supported: true },
  { version: "", supported: false },
])("Node $version: supported is $supported", ({ version, supported }) => {
  expect(isSupportedNode(version)).toBe(supported);
});

test("package.json asks npm for the same versions", async () => {
  const manifest: unknown = JSON.parse(await readFile(join(import.meta.dirname, "../package.json"), "utf8"));
  expect(manifest).toMatchObject({ engines: { node: SupportedNodes } });
});
