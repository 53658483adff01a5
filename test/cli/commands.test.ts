import { EventEmitter } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/commands.ts";
import type { Environment } from "../../src/gateway/config/environment.ts";
import { configJsonSchema } from "../../src/gateway/config/json-schema.ts";
import { configFolder } from "../support/config-folder.ts";
import { TestKeyboard } from "../support/test-terminal.ts";
import { RecordingOutput } from "../support/recording-output.ts";

const Config = `
listeners: [{ name: main, address: "127.0.0.1:0", tls: { selfSigned: made.pem } }]
routes: [{ name: echo, path: /echo, handler: echo }]
upstreams: { spare: { addresses: [ws://a] } }
admin: { address: "127.0.0.1:0" }
limits: { maxConnections: 16 }
`;

/** A process that is asked for `args`; the folder of the config is called `@` in what it wrote. */
async function asked(
  args: readonly string[],
  { isTTY = false, env = {} }: { readonly isTTY?: boolean; readonly env?: Environment } = {},
) {
  const [stdout, stderr] = [new RecordingOutput({ isTTY }), new RecordingOutput({ isTTY })];
  const process = Object.assign(new EventEmitter(), {
    argv: ["node", "hawser", ...args],
    env,
    stdin: new TestKeyboard(),
    stdout,
    stderr,
  });
  return { exitCode: await runCommandLine(process), stdout: stdout.text, stderr: stderr.text };
}

test("the help, the version and the complaint go where they belong", async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(await asked(["--version"])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  expect(await asked(["--help"])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("hawser run"),
    stderr: "",
  });
  expect(await asked(["rnu"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "hawser: there is no command rnu; did you mean run?\nhawser --help tells what there is.\n",
  });
});

test("hawser schema prints the schema, and nothing else", async () => {
  const { exitCode, stdout, stderr } = await asked(["schema"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

describe("hawser check", () => {
  test("puts the environment of the process in", async () => {
    const folder = await configFolder({ "g.yaml": Config.replace("path: /echo", 'path: "${ECHO_PATH}"') });
    const file = join(folder, "g.yaml");
    const { stdout } = await asked(["check", file], { env: { ECHO_PATH: "/from-outside" } });
    expect(stdout).toContain("every host, /from-outside ");
    expect(await asked(["check", file])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("there is no ECHO_PATH in the environment"),
    });
  });

  test("says what the config means, warns, and writes nothing", async () => {
    const folder = await configFolder({ "g.yaml": Config });
    const file = join(folder, "g.yaml");
    const { exitCode, stdout, stderr } = await asked(["check", file]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Listeners\n {2}main {2}https:\/\/127\.0\.0\.1:0 {2}h2, http\/1\.1 {2}certificate for localhost/,
    );
    expect(stdout).toContain(`\n${file}:4:14: warning: upstreams.spare: no route leads to it\n`);
    expect(stdout).toMatch(/\n.*g\.yaml is valid, with 1 warning\n$/);
    expect(await readdir(folder)).toEqual(["g.yaml"]);
  });

  test("uses colours on a terminal", async () => {
    const folder = await configFolder({ "g.yaml": Config });
    const { stdout } = await asked(["check", join(folder, "g.yaml")], { isTTY: true });
    expect(stdout).toContain("\u001b[1mListeners\u001b[0m");
  });

  test.each([
    { text: "listeners: [", count: "1 fault" },
    { text: "listeners: []\nfoo: 1\n", count: "3 faults" },
  ])("tells $count of $text", async ({ text, count }) => {
    const file = join(await configFolder({ "g.yaml": text }), "g.yaml");
    const { exitCode, stdout, stderr } = await asked(["check", file]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^.*g\.yaml:\d+:\d+: /);
    expect(stderr.endsWith(`\n${file}: ${count}\n`)).toBe(true);
  });
});

describe("hawser run", () => {
  test("does not start with a fault", async () => {
    const file = join(await configFolder({ "g.yaml": "foo: 1" }), "g.yaml");
    expect(await asked(["run", file])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("3 faults"),
    });
  });

  test("runs until it is told to stop", async () => {
    const file = join(await configFolder({ "g.yaml": Config }), "g.yaml");
    const stderr = new RecordingOutput();
    const stdout = new RecordingOutput();
    const process = Object.assign(new EventEmitter(), {
      argv: ["node", "hawser", "run", file],
      env: {},
      stdin: new TestKeyboard(),
      stdout,
      stderr,
    });
    const listening = new Promise<void>((resolve) => {
      stdout.write = (text) => {
        stdout.text += text;
        if (text.includes("listening main")) resolve();
      };
    });
    const exitCode = runCommandLine(process);
    await listening;
    process.emit("SIGTERM", "SIGTERM");
    expect(await exitCode).toBe(0);
    expect(stdout.text).toMatch(/"listening main https:\/\/127\.0\.0\.1:\d+"/);
    expect(stderr.text).toContain("warning: upstreams.spare: no route leads to it");
  });
});
