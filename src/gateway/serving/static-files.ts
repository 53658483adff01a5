import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, posix, relative, sep } from "node:path";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";

const MaxFiles = 256;
const MaxFileBytes = 1_048_576;

const ContentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** A complete HTTP answer: what `HttpExchange.respond` takes. */
export interface StaticAnswer {
  readonly status: number;
  readonly fields: FieldLines;
  readonly body: Uint8Array | string;
}

/** A small site held in memory: every file below a folder as it was when the gateway started. */
export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticAnswer>;

  private constructor(files: ReadonlyMap<string, StaticAnswer>) {
    this.#files = files;
  }

  /**
   * Reads the files below `folder`; those with a leading dot, and symbolic links, are left out.
   *
   * @throws Error naming the folder or file that cannot be read, is over 1 MiB, or is one more than 256.
   */
  static async read(folder: string): Promise<StaticFiles> {
    const files = new Map<string, StaticAnswer>();
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file).split(sep).join(posix.sep);
      if (path.split(posix.sep).some((segment) => segment.startsWith("."))) continue;
      if (files.size === MaxFiles) throw new Error(`${folder} has more than ${MaxFiles} files`);
      if ((await stat(file)).size > MaxFileBytes) throw new Error(`${file} is larger than ${MaxFileBytes} bytes`);
      files.set(Buffer.from(path).toString("latin1"), fileAnswer(path, await readFile(file)));
    }
    return new StaticFiles(files);
  }

  /**
   * The answer to `method` on `path`, which is relative to the folder and percent-decoded to a character per byte. Nothing is
   * looked up on the disk, so no path leads out of the folder.
   */
  answer(method: string, path: string): StaticAnswer {
    if (method !== "GET" && method !== "HEAD") {
      return textAnswer(405, "Only GET and HEAD are answered here.", ["allow", "GET, HEAD"]);
    }
    const file = this.#files.get(path === "" || path.endsWith("/") ? `${path}index.html` : path);
    return file ?? textAnswer(404, "There is no such file.");
  }
}

/** An answer with one sentence of text. */
export function textAnswer(status: number, sentence: string, fields: FieldLines = []): StaticAnswer {
  return { status, fields: ["content-type", "text/plain; charset=utf-8", ...fields], body: `${sentence}\n` };
}

function fileAnswer(path: string, body: Uint8Array): StaticAnswer {
  const type = ContentTypes[extname(path)] ?? "application/octet-stream";
  return {
    status: 200,
    fields: ["content-type", type, "cache-control", "no-cache", "x-content-type-options", "nosniff"],
    body,
  };
}
