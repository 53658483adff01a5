import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Notes each module that is resolved, and prints them all at the end. */
const Watch = `
import { registerHooks } from "node:module";
const urls = [];
registerHooks({ resolve(specifier, context, next) { const found = next(specifier, context); urls.push(found.url); return found; } });
const exported = Object.keys(await import(process.argv[1]));
console.log(JSON.stringify({ urls, exported }));
`;

/** What a process loads and gets that imports `specifier` in `folder`: URLs, `node:` ones too, and the names exported. */
export async function loadedModules(
  specifier: string,
  folder: string,
): Promise<{ readonly urls: readonly string[]; readonly exported: readonly string[] }> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", Watch, specifier], { cwd: folder });
  return JSON.parse(stdout) as { urls: string[]; exported: string[] };
}
