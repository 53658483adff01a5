import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { startGateway } from "../support/gateway-process.ts";

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

test("a handler that sends to a client that has left, and does not wait for it, ends nobody else", async () => {
  const gateway = await startGateway(
    {
      listeners: [{ name: "main", address: "127.0.0.1:0" }],
      routes: [{ path: "/late", handler: "./late.mjs" }],
    },
    {
      "late.mjs": `export function onClose(connection, { reason }) {
        setImmediate(async () => { try { await connection.send("late"); } catch { throw new Error("said " + reason); } });
      }`,
    },
  );
  const client = new WebSocket(`${gateway.listeners.get("main")?.replace("http", "ws")}/late`);
  await once(client, "open");
  client.close(1000, "secret");
  await vi.waitFor(() => expect(gateway.log).toMatch(/a rejected promise that nobody caught: Error\n +at .*late\.mjs/));
  expect(await gateway.stop()).toBe(0);
  expect(gateway.log).not.toContain("secret");
});
