import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const Source = import.meta.dirname;
const Built = join(Source, "../../../../dist/console");
/** What is built into the script: their licenses ask to be passed on with it. */
const Bundled = ["preact", "uplot"];

/** What the build wrote, by kind. */
export interface ConsoleFiles {
  /** Paths of the page, its script and its styles. */
  readonly page: string;
  readonly script: string;
  readonly style: string;
}

/**
 * Builds the console into `folder`, which is emptied first: `index.html` and, named by their content, one script and one
 * style sheet; and the licenses of what is in the script. The page loads nothing else, so that it runs under
 * `default-src 'none'`.
 */
export async function buildConsole(folder = Built): Promise<ConsoleFiles> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [join(Source, "console.tsx"), join(Source, "console.css")],
    outdir: folder,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) await writeFile(path, contents);
  const pathOf = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.path ?? "";
  const files = { page: join(folder, "index.html"), script: pathOf(".js"), style: pathOf(".css") };
  const template = await readFile(join(Source, "index.html"), "utf8");
  const page = template.replace("console.js", basename(files.script)).replace("console.css", basename(files.style));
  await writeFile(files.page, page);
  await writeFile(join(folder, "licenses.txt"), (await Promise.all(Bundled.map(licenseOf))).join("\n"));
  return files;
}

async function licenseOf(name: string): Promise<string> {
  const folder = dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
  return `${name}\n\n${await readFile(join(folder, "LICENSE"), "utf8")}`;
}

if (import.meta.main) await buildConsole();
