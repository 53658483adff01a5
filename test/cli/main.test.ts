import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const Main = join(import.meta.dirname, "../../src/cli/main.ts");

test.each([
  { args: ["--version"], exitCode: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: /^$/ },
  { args: ["check", "none.yaml"], exitCode: 1, stdout: /^$/, stderr: /^none\.yaml: cannot read the file: / },
  { args: [], exitCode: 2, stdout: /^$/, stderr: /^hawser: there is no command\n/ },
])("the process of `hawser $args` ends with $exitCode", async ({ args, exitCode, stdout, stderr }) => {
  const child = spawn(process.execPath, [Main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [said, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(said).toMatch(stdout);
  expect(complaint).toMatch(stderr);
  expect(child.exitCode).toBe(exitCode);
});
