import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadedModules } from "../support/loaded-modules.ts";
import { oldNodes } from "../support/old-nodes.ts";

const Root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

let folder: string;
let packed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hawser-package-"));
  await run("npm", ["pack", "--pack-destination", folder], { cwd: Root });
  const [tarball] = await readdir(folder);
  await run("tar", ["-xf", join(folder, tarball!), "-C", folder]);
  packed = join(folder, "package");
  await symlink(join(Root, "node_modules"), join(packed, "node_modules"));
  const config = {
    listeners: [{ address: "127.0.0.1:0" }],
    routes: [{ path: "/echo", handler: "echo" }],
    admin: { address: "127.0.0.1:0" },
  };
  await writeFile(join(folder, "good.yaml"), JSON.stringify(config));
  await writeFile(join(folder, "bad.yaml"), JSON.stringify({ ...config, listeners: [] }));
});

afterAll(() => rm(folder, { recursive: true }));

test("holds what runs, with types for each module, the documentation, and nothing of the source", async () => {
  const files = await readdir(packed, { recursive: true, withFileTypes: true });
  const names = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(packed.length));
  const built = names.filter((name) => name.startsWith("/dist/") && !name.startsWith("/dist/console/"));
  const modules = built.filter((name) => name.endsWith(".js"));
  expect(modules).toContain("/dist/cli/main.js");
  expect(modules).toContain("/dist/index.js");
  expect(built.toSorted()).toEqual(modules.flatMap((name) => [name.replace(/js$/, "d.ts"), name]).toSorted());
  expect(
    names
      .filter((name) => !built.includes(name))
      .map((name) => name.replace(/-[A-Z0-9]{8}\./, "-HASH."))
      .toSorted(),
  ).toEqual([
    "/CHANGELOG.md",
    "/LICENSE",
    "/README.md",
    "/dashboards/json/hawser-capacity.json",
    "/dashboards/json/hawser-http2.json",
    "/dashboards/json/hawser-overview.json",
    "/dashboards/json/hawser-streams.json",
    "/dashboards/json/hawser-upstreams.json",
    "/dashboards/rules/hawser.alerts.yaml",
    "/dashboards/rules/hawser.rules.yaml",
    "/dist/console/console-HASH.css",
    "/dist/console/console-HASH.js",
    "/dist/console/index.html",
    "/dist/console/licenses.txt",
    "/package.json",
    "/src/websocket/README.md",
  ]);
});

test("its library is imported by the package's name, and loads nothing that npm installs", async () => {
  const { urls, exported } = await loadedModules("hawser", packed);
  const files = urls.filter((url) => url.startsWith("file:"));
  expect(exported).toContain("WebSocketConnection");
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((url) => !url.includes("/package/dist/") || url.includes("/dist/gateway/"))).toEqual([]);
});

test.each([
  { module: "nodenext", target: "es2022", lib: ["es2023", "esnext.disposable"] },
  { module: "nodenext", target: "es2024", lib: ["esnext", "dom"] },
  { module: "esnext", moduleResolution: "bundler", target: "es2022", lib: ["es2023"] },
])("its types are those of any strict program: %j", async (options) => {
  const program = await mkdtemp(join(packed, "program-"));
  const code = `import { connect, WebSocketServer } from "hawser";
    const server = new WebSocketServer({ handler: { onMessage: (connection, message) => connection.send(message) } });
    const { port } = await server.listen();
    const text: string | Uint8Array | undefined = await (await connect(\`ws://localhost:\${port}\`)).receive();
    console.log(text);`;
  await writeFile(join(program, "main.mts"), code);
  const compilerOptions = { ...options, strict: true, noEmit: true, types: ["node"] };
  await writeFile(join(program, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["main.mts"] }));
  const { stdout } = await run(join(Root, "node_modules/.bin/tsc"), ["-p", program]);
  expect(stdout).toBe("");
});

test.each(await oldNodes())("on Node $version it says which one it needs", async ({ path, version }) => {
  const loading = run(path, ["--input-type=module", "-e", `await import("hawser")`], { cwd: packed });
  await expect(loading).rejects.toMatchObject({
    stderr: expect.stringContaining(`Error: hawser needs Node.js >=24.18.1 <25 || >=26.5.1, and this is ${version}\n`),
  });
});

const nodes = [{ version: process.versions.node, path: process.execPath }, ...(await oldNodes())];

test.each(nodes)("its command line works when it is started on Node $version", async ({ path }) => {
  const main = join(packed, "dist/cli/main.js");
  await run(path, [main, "check", join(folder, "good.yaml")]);
  await expect(run(path, [main, "check", join(folder, "bad.yaml")])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("listeners"),
  });
});
