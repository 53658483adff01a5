import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { isTerminalGone } from "../../src/cli/terminal-end.ts";
import { configFolder } from "../support/config-folder.ts";

const Main = join(import.meta.dirname, "../../src/cli/main.ts");
const Patience = { timeout: 8_000 };

/** `hawser run` at a terminal of its own, which `script` of util-linux (bsdutils on Debian) makes. */
async function atTerminal(config: object) {
  const folder = await configFolder({ "hawser.yaml": JSON.stringify(config) });
  // As bash does, the shell passes on that its terminal is gone; then it tells the exit code.
  const command = `"${process.execPath}" "${Main}" run hawser.yaml &
    echo $! >pid; trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? >code`;
  const terminal = spawn("/usr/bin/script", ["--quiet", "--command", command, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
  const numberIn = async (name: string) => Number(await readFile(join(folder, name), "utf8").catch(() => "NaN"));
  const signal = async (name: NodeJS.Signals) => process.kill(await numberIn("pid"), name);
  onTestFinished(async () => {
    terminal.kill("SIGKILL");
    if (Number.isNaN(await numberIn("code"))) await signal("SIGKILL");
  });
  return {
    shows: (text: string) => vi.waitFor(() => expect(screen).toContain(text), Patience),
    replaceConfig: (next: object) => writeFile(join(folder, "hawser.yaml"), JSON.stringify(next)),
    signal,
    hangUp: () => terminal.kill("SIGKILL"),
    exitsWith: (code: number) => vi.waitFor(async () => expect(await numberIn("code")).toBe(code), Patience),
  };
}

test("at a terminal SIGHUP reloads, and the end of the terminal stops", async () => {
  const local = { address: "127.0.0.1:0" };
  const config = {
    listeners: [{ name: "main", ...local }],
    admin: local,
    routes: [{ path: "/echo", handler: "echo" }],
  };
  const running = await atTerminal({ ...config, reload: { watch: false } });
  await running.shows("listening main");
  await running.replaceConfig({ ...config, reload: { watch: false }, limits: { maxStreams: 100 } });
  await running.signal("SIGHUP");
  await running.shows("config 2 taken over: limits");
  running.hangUp();
  await running.exitsWith(0);
});

test("what is no terminal is not gone", () => {
  expect(isTerminalGone()).toBe(false);
});
