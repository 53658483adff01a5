import { once } from "node:events";
import { fstat, ReadStream, type Stats } from "node:fs";
import { readdir, readlink, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { send, type SendResult } from "@fastify/send";
import { fieldValues } from "../../protocol/handshake/field-values.ts";
import { textRejection } from "../../protocol/handshake/opening-refusal.ts";
import type { FieldLines, OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import type { HttpExchange } from "../../transport/opening.ts";

/** What conditions and ranges a request may have (RFC 9110 §13, §14). */
const Asked = ["if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"] as const;

/** A browser asks again each time, and is told 304 while nothing has changed. */
const Told: FieldLines = ["cache-control", "no-cache", "x-content-type-options", "nosniff"];

/** What a request for a file is answered: a sentence, or a file whose content may be left out. */
export type FileAnswer =
  | { readonly type: "refused"; readonly rejection: OpeningRejection }
  | {
      readonly type: "file";
      readonly status: number;
      readonly fields: FieldLines;
      /** Open, and the caller's to read and to destroy; `undefined` where none is sent. */
      readonly content: { readonly bytes: number; readonly stream: Readable } | undefined;
    };

/** How often a file may be replaced while it is opened. */
const MaxAttempts = 3;

const statOpen = promisify(fstat);

const NotFound: FileAnswer = { type: "refused", rejection: textRejection(404, "There is no such file.") };

/** The files below a folder, as they are when they are asked for. */
export class StaticFiles {
  /** Without symbolic links. */
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** @throws Error naming the folder that cannot be read. */
  static async open(folder: string): Promise<StaticFiles> {
    await readdir(folder);
    return new StaticFiles(await realpath(folder));
  }

  /**
   * The answer to `exchange`, which asks for the file `name`: a path relative to the folder, percent-decoded to a character
   * per byte. A folder's own is its `index.html`, and without the final slash the client is sent there. No name that begins
   * with a dot is found, nothing that is no file, and nothing outside of the folder, wherever links lead.
   *
   * @throws Error of the system where a file cannot be opened.
   */
  async answer(
    { method, path, fields }: Pick<HttpExchange, "method" | "path" | "fields">,
    name: string,
  ): Promise<FileAnswer> {
    if (method !== "GET" && method !== "HEAD") {
      return refused(405, "Only GET and HEAD are answered here.", ["allow", "GET, HEAD"]);
    }
    // Relative links of the folder's page need the slash.
    if (name === "" && !/^[^?]*\/(?:\?|$)/.test(path)) return redirect(path);
    const target = tryTarget(name);
    if (target === undefined) return NotFound;
    const request = requestOf(method, fields);
    for (let attempt = 0; attempt < MaxAttempts; attempt++) {
      const result = await this.#trySend(request, target);
      if (result?.type === "directory") return await this.#redirectTo(result.metadata.path, path);
      if (result !== undefined && (await this.#isAsFound(result))) return answerOf(method, result);
      result?.stream.destroy();
    }
    return NotFound;
  }

  async #trySend(request: Parameters<typeof send>[0], target: string): Promise<SendResult | undefined> {
    const onFile = (file: string, stat: Stats): Promise<void> => this.#check(file, stat);
    try {
      return await send(request, target, { root: this.#root, index: "index.html", cacheControl: false, onFile });
    } catch {
      return undefined;
    }
  }

  /**
   * Whether what was opened is what was found by its name, which may lead elsewhere by now.
   *
   * @throws Error where it cannot be opened.
   */
  async #isAsFound({ type, stream, metadata }: SendResult): Promise<boolean> {
    if (type !== "file" || !(stream instanceof ReadStream)) return true;
    const fd = await openedBy(stream);
    if (fd === undefined) return false;
    const [found, opened] = [metadata.stat, await statOpen(fd)];
    if (found.ino !== opened.ino || found.dev !== opened.dev || found.size !== opened.size) return false;
    // Linux alone says where an open file is.
    const path = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
    return path === undefined || this.#isWithin(path);
  }

  async #redirectTo(folder: string, path: string): Promise<FileAnswer> {
    const real = await realpath(folder).catch(() => "");
    return this.#isWithin(real) ? redirect(path) : NotFound;
  }

  /** Rejects for what is not to be shown. */
  async #check(file: string, stat: Stats): Promise<void> {
    if (!stat.isFile() || !this.#isWithin(await realpath(file))) throw new Error("not a file of this folder");
  }

  #isWithin(path: string): boolean {
    return path.startsWith(`${this.#root}${sep}`);
  }
}

/** The descriptor that `stream` reads; `undefined` where the file is gone. */
async function openedBy(stream: ReadStream): Promise<number | undefined> {
  try {
    const [fd]: unknown[] = await once(stream, "open");
    return typeof fd === "number" ? fd : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** `name` as a URL's path for `send`, or `undefined` for one that no file has, or that is hidden. */
function tryTarget(name: string): string | undefined {
  const bytes = Buffer.from(name, "latin1");
  const text = bytes.toString();
  const segments = text.split("/");
  const isHidden = segments.some((segment) => segment.startsWith("."));
  if (isHidden || text.includes("\0") || !Buffer.from(text).equals(bytes)) return undefined;
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** What `send` reads of a request, in the shape it wants. A range is asked of GET alone (RFC 9110 §14.2). */
function requestOf(method: string, fields: FieldLines): Readable & { method: string } {
  const headers: Record<string, string> = {};
  for (const name of Asked) {
    if (name === "range" && method !== "GET") continue;
    const values = fieldValues(fields, name);
    if (values.length > 0) headers[name] = values.join(", ");
  }
  return Object.assign(new Readable(), { method, headers });
}

function answerOf(method: string, { statusCode: status, headers, stream, type }: SendResult): FileAnswer {
  if (type === "error") return errorAnswer(status, headers["Content-Range"]);
  // Not all of them are text, whatever their type says.
  const lines: Readonly<Record<string, unknown>> = headers;
  const fields = Object.entries(lines).flatMap(([name, value]) => [name.toLowerCase(), String(value)]);
  const bytes = Number(headers["Content-Length"] ?? 0);
  if (method === "GET" && bytes > 0) {
    return { type: "file", status, fields: [...fields, ...Told], content: { bytes, stream } };
  }
  stream.destroy();
  return { type: "file", status, fields: [...fields, ...Told], content: undefined };
}

function errorAnswer(status: number, range: string | undefined): FileAnswer {
  if (status === 412) return refused(412, "The file is another by now.");
  if (status === 416)
    return refused(416, "The file has no such range.", range === undefined ? [] : ["content-range", range]);
  return status === 500 ? refused(500, "The file cannot be read.") : NotFound;
}

/** To the same path with a slash behind it, on this host: two slashes in front would name another. */
function redirect(path: string): FileAnswer {
  const [before = "", query] = path.split(/\?(.*)/s, 2);
  const location = `${before.replace(/^[/\\]+/, "/")}/${query === undefined ? "" : `?${query}`}`;
  return refused(301, "The folder is there with a slash behind it.", ["location", location]);
}

function refused(status: number, sentence: string, fields: FieldLines = []): FileAnswer {
  return { type: "refused", rejection: textRejection(status, sentence, fields) };
}
