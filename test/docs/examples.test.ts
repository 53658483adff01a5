import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { codeBlocks } from "../support/markdown-blocks.ts";

const run = promisify(execFile);
const Root = join(import.meta.dirname, "../..");
const Folder = join(Root, "test-results/examples");
const Examples = codeBlocks(await readFile(join(Root, "src/websocket/README.md"), "utf8"), "ts").map(
  (block, index) => ({
    ...block,
    file: join(Folder, `${String(index).padStart(2, "0")}-${block.heading.toLowerCase().replaceAll(/\W+/g, "-")}.ts`),
  }),
);

/** Makes `hawser` the sources. */
const Resolve = `
import { registerHooks } from "node:module";
const url = ${JSON.stringify(pathToFileURL(join(Root, "src/index.ts")).href)};
registerHooks({ resolve: (name, context, next) => (name === "hawser" ? { url, shortCircuit: true } : next(name, context)) });
`;

beforeAll(async () => {
  await rm(Folder, { recursive: true, force: true });
  await mkdir(Folder, { recursive: true });
  await writeFile(join(Folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(Folder, "resolve.js"), Resolve);
  const paths = { hawser: [join(Root, "src/index.ts")] };
  const config = {
    extends: join(Root, "tsconfig.json"),
    compilerOptions: { paths, typeRoots: [join(Root, "node_modules/@types")] },
  };
  await writeFile(join(Folder, "tsconfig.json"), JSON.stringify({ ...config, include: ["*.ts"] }));
  for (const { file, code } of Examples) await writeFile(file, code);
  const { certificate, key } = await testCertificate();
  await writeFile(join(Folder, "certificate.pem"), certificate);
  await writeFile(join(Folder, "key.pem"), key);
});

afterAll(() => rm(Folder, { recursive: true, force: true }));

describe("each example of the library's README", () => {
  test.each(Examples)("$heading: runs to its end", { timeout: 60_000 }, async ({ file, code }) => {
    expect(code).toMatch(/\bassert\b/);
    await run(process.execPath, ["--import", join(Folder, "resolve.js"), file], { timeout: 50_000 });
  });

  test("has its types right", { timeout: 60_000 }, async () => {
    const tsc = join(Root, "node_modules/.bin/tsc");
    const found = await run(tsc, ["-p", Folder]).then(
      () => "",
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(found).toBe("");
  });
});

test("there are examples", () => {
  expect(Examples.length).toBeGreaterThan(10);
});
