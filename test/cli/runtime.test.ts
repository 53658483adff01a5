import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSupportedNode } from "../../src/supported-node.ts";
import { oldNodes } from "../support/old-nodes.ts";

// What a Node would load if the guard let it through: it tells where it runs, and with which arguments.
const Commands = `
  process.on("SIGTERM", () => process.exit(42));
  let interrupts = 0;
  process.on("SIGINT", () => {
    interrupts += 1;
    setTimeout(() => process.exit(50 + interrupts), 100);
  });
  console.log(JSON.stringify({ node: process.versions.node, arguments: process.argv.slice(2) }));
  if (process.argv[2] === "wait") setTimeout(() => process.exit(99), 30_000);
  if (process.argv[2] === "die") process.kill(process.pid, "SIGKILL");
  if (process.argv[2] === "fail") process.exitCode = 3;
`;
const Main = `
  import { ensureRuntime } from "./runtime.js";
  if (await ensureRuntime()) await import("./commands.js");
`;
// Says once that this Node is an old one; the Node that is started in its place says the truth again.
const Pretend = `
  if (process.env.PRETEND !== undefined) {
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: process.env.PRETEND } });
    delete process.env.PRETEND;
  }
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hawser-runtime-"));
  const sourceOf = async (path: string): Promise<string> => {
    const source = await readFile(join(import.meta.dirname, "../../src", path), "utf8");
    return stripTypeScriptTypes(source).replaceAll('.ts"', '.js"');
  };
  const runtime = await sourceOf("cli/runtime.ts");
  await writeFile(join(folder, "supported-node.js"), await sourceOf("supported-node.ts"));
  const files = {
    "package.json": `{ "type": "module" }`,
    "runtime.js": runtime,
    "commands.js": Commands,
    "main.js": Main,
    "pretend.js": Pretend,
  };
  for (const place of ["with-pinned", "without-pinned"]) {
    await mkdir(join(folder, place));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, place, name), content);
  }
  await symlink(join(import.meta.dirname, "../../node_modules"), join(folder, "with-pinned/node_modules"));
});

afterAll(() => rm(folder, { recursive: true }));

// Every Node can pretend to be old; only one that is old shows that it can read the guard.
const olds = await oldNodes();
const starts = [
  { name: "a Node that says it is 25.9.0", path: process.execPath, pretend: "25.9.0" },
  ...olds.map(({ path, version }) => ({ name: `the Node ${version} of this machine`, path, pretend: undefined })),
];
if (olds.length === 0) console.warn("NOT SHOWN: this machine has no old Node, so the guard has not been read by one.");

describe.each(starts)("on $name", ({ path, pretend }) => {
  function start(place: string, ...args: string[]): ChildProcessWithoutNullStreams {
    const cwd = join(folder, place);
    const env = { ...process.env, PRETEND: pretend };
    const preload = pretend === undefined ? [] : ["--import", join(cwd, "pretend.js")];
    return spawn(path, [...preload, join(cwd, "main.js"), ...args], { cwd, env, detached: true });
  }

  test("the pinned Node runs the command, with its arguments", async () => {
    const child = start("with-pinned", "check", "a b");
    const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
    const { node, arguments: args } = JSON.parse(said);
    expect(isSupportedNode(node)).toBe(true);
    expect(args).toEqual(["check", "a b"]);
    expect(child.exitCode).toBe(0);
  });

  test.each([
    { command: "fail", exitCode: 3 },
    { command: "die", exitCode: 128 + 9 },
  ])("the exit of `$command` is passed on as $exitCode", async ({ command, exitCode }) => {
    const child = start("with-pinned", command);
    await once(child, "exit");
    expect(child.exitCode).toBe(exitCode);
  });

  test("SIGTERM is passed on", async () => {
    const child = start("with-pinned", "wait");
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).toBe(42);
  });

  test("Ctrl-C, which a terminal sends to the whole process group, arrives once", async () => {
    const child = start("with-pinned", "wait");
    await once(child.stdout, "data");
    process.kill(-child.pid!, "SIGINT");
    await once(child, "exit");
    expect(child.exitCode).toBe(51);
  });

  test("without a pinned Node it refuses and names the minimum", async () => {
    const child = start("without-pinned", "check");
    const [said, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    expect(said).toBe("");
    expect(complaint).toContain("24.18.1");
    expect(child.exitCode).toBe(1);
  });
});
