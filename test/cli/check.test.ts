import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../src/cli/check.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { configFolder } from "../support/config-folder.ts";
import { RecordingOutput } from "../support/recording-output.ts";

const Config = `
listeners: [{ name: main, address: "127.0.0.1:1" }, { name: other-listener, address: "127.0.0.1:2" }]
routes:
  - { name: a, path: /${"long-path/".repeat(8)}, handler: echo }
  - { name: b, path: /b, handler: echo, origins: [${Array.from({ length: 9 }, (_, i) => `https://origin-${i}.example`).join(", ")}] }
`;

async function checked(warnings: readonly string[]): Promise<string[]> {
  const folder = await configFolder({ "g.yaml": Config });
  const output = new RecordingOutput();
  const config = await loadConfig(join(folder, "g.yaml"));
  check("g.yaml", config, { warnings, openFiles: 1_024 }, new Terminal(output, {}));
  return output.text.split("\n");
}

test("cells stand below each other, and no line is longer than 100 where its words allow it", async () => {
  const lines = await checked([]);
  expect(lines.slice(0, 3)).toEqual([
    "Listeners",
    "  main            http://127.0.0.1:1  h2, http/1.1  cleartext",
    "  other-listener  http://127.0.0.1:2  h2, http/1.1  cleartext",
  ]);
  const column = lines.find((line) => line.includes("long-path"))?.indexOf("→") ?? 0;
  const folded = lines.filter((line) => line.includes("https://origin-"));
  expect(folded.length).toBeGreaterThan(3);
  expect(folded.every((line) => line.startsWith(" ".repeat(column)) && line[column] !== " ")).toBe(true);
  const others = lines.slice(lines.indexOf("Access"));
  expect(others.filter((line) => line.length > 100)).toEqual([]);
  expect(lines.filter((line) => line.endsWith(" "))).toEqual([]);
});

test.each([
  { warnings: [], judgement: "g.yaml is valid" },
  { warnings: ["one"], judgement: "g.yaml is valid, with 1 warning" },
  { warnings: ["one", "two"], judgement: "g.yaml is valid, with 2 warnings" },
])("$warnings.length warnings come last but for the judgement", async ({ warnings, judgement }) => {
  expect((await checked(warnings)).slice(-2 - warnings.length)).toEqual([...warnings, judgement, ""]);
});
