import { glob, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigSources, type SourceFile } from "./config-sources.ts";
import { substitute, type Environment } from "./environment.ts";
import { ConfigError, nameValue, type Fault } from "./fault.ts";
import { tryNearest } from "../../protocol/nearest.ts";
import { knownOptions } from "./option-schema.ts";
import { printable } from "./printable.ts";
import { valueAt } from "./raw-config.ts";
import { isMapping, itemsOf, keysOf, memberOf } from "./raw-value.ts";
import { reasonOf } from "./read-failure.ts";
import { readRegularFile } from "./regular-file.ts";
import { YamlSource } from "./yaml-source.ts";

const MaxDepth = 5;

/** What makes a path a pattern. */
const Magic = /[*?[\]{}]/;

/** What an included file may have, and what it must be. */
const IncludedSections: Readonly<Record<string, "a list" | "a mapping">> = {
  include: "a list",
  listeners: "a list",
  routes: "a list",
  upstreams: "a mapping",
};

/**
 * Reads the config `file` and all it includes.
 *
 * @throws ConfigError if one of them cannot be read or is no YAML.
 */
export async function readSources(file: string, environment: Environment): Promise<ConfigSources> {
  const reader = new SourceReader(environment);
  const files = await reader.read(file);
  if (reader.breaks.length > 0) throw new ConfigError(reader.breaks, { files: reader.files });
  return new ConfigSources(files, [...reader.folders]);
}

/** A file to include: where it is, and what its user calls it. */
interface Included {
  readonly file: string;
  readonly name: string;
}

class SourceReader {
  readonly #environment: Environment;
  /** Absolute paths of the files that have been read. */
  readonly #read = new Set<string>();
  /** Absolute paths of the folders in which more files would be found. */
  readonly folders = new Set<string>();
  /** Why files mean nothing: each a whole message. */
  readonly breaks: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Absolute paths of the files that were read, or should have been, and of the folders. */
  get files(): string[] {
    return [...this.#read, ...this.folders];
  }

  /** The file `name`, relative to the working folder, and behind it what it includes. */
  async read(name: string): Promise<[SourceFile, ...SourceFile[]]> {
    this.#read.add(resolve(name));
    let text: string;
    try {
      text = textOf(await readFile(name));
    } catch (cause) {
      throw new ConfigError([`${printable(name)}: cannot read the file: ${reasonOf(cause)}`], {
        files: this.files,
        cause,
      });
    }
    return await this.#parse(name, text, 0);
  }

  async #parse(name: string, text: string, depth: number): Promise<[SourceFile, ...SourceFile[]]> {
    const source = new YamlSource(name, text);
    const written = this.#valueOf(source);
    const { value, faults } = substitute(written, this.#environment);
    const file = resolve(name);
    const folder = dirname(file);
    const included = await this.#include({ value, written, name, folder, depth });
    const own = depth === 0 ? [] : sectionFaults(value);
    const all = [...faults, ...own, ...included.faults];
    const { fitsNothing } = included;
    return [{ source, file, folder, value, written, faults: all, fitsNothing }, ...included.files];
  }

  #valueOf(source: YamlSource): unknown {
    if (source.syntaxFault !== undefined) {
      this.breaks.push(source.syntaxFault);
      return undefined;
    }
    try {
      return source.value();
    } catch (cause) {
      this.breaks.push(`${source.name}: not valid YAML: ${reasonOf(cause)}`);
      return undefined;
    }
  }

  async #include(including: {
    readonly value: unknown;
    readonly written: unknown;
    readonly name: string;
    readonly folder: string;
    readonly depth: number;
  }): Promise<{ readonly files: SourceFile[]; readonly faults: Fault[]; readonly fitsNothing: number[] }> {
    const { value, written, name, folder, depth } = including;
    const files: SourceFile[] = [];
    const faults: Fault[] = [];
    const fitsNothing: number[] = [];
    for (const [i, entry] of itemsOf(memberOf(value, "include")).entries()) {
      if (typeof entry !== "string" || entry === "") continue;
      const path = ["include", i];
      if (Magic.test(entry)) this.folders.add(globFolder(entry, folder));
      const writtenEntry = valueAt(written, path);
      const found = await filesOf(entry, name, folder);
      if (found.length === 0) fitsNothing.push(i);
      for (const one of found) {
        const called = writtenEntry === entry ? one.name : String(writtenEntry);
        const message = await this.#tryInclude(one, { called, depth: depth + 1, files });
        if (message !== undefined) faults.push({ path, at: "value", message });
      }
    }
    return { files, faults, fitsNothing };
  }

  /** Reads one more file into `files`; returns why it cannot be included. */
  async #tryInclude(
    { file, name }: Included,
    { called, depth, files }: { readonly called: string; readonly depth: number; readonly files: SourceFile[] },
  ): Promise<string | undefined> {
    if (this.#read.has(file)) return `${called} is part of this config already`;
    if (depth > MaxDepth) return `more than ${MaxDepth} files that include one another`;
    this.#read.add(file);
    let text: string;
    try {
      text = textOf(await readRegularFile(file));
    } catch (cause) {
      return `cannot read ${called}: ${reasonOf(cause)}`;
    }
    files.push(...(await this.#parse(name, text, depth)));
    return undefined;
  }
}

/** The files that `entry` of the file `name` stands for: all that fit, in the order of their names, or the one. */
async function filesOf(entry: string, name: string, folder: string): Promise<Included[]> {
  const found = Magic.test(entry) ? (await Array.fromAsync(glob(entry, { cwd: folder }))).toSorted() : [entry];
  return found.map((path) => ({
    file: resolve(folder, path),
    name: path.startsWith("/") ? path : join(dirname(name), path),
  }));
}

/** The folder in which the files of the pattern `entry` are, or begin. */
function globFolder(entry: string, folder: string): string {
  const segments = entry.split("/");
  const first = segments.findIndex((segment) => Magic.test(segment));
  const plain = segments.slice(0, first).join("/");
  return resolve(folder, plain === "" && entry.startsWith("/") ? "/" : plain);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** What is wrong with the sections of an included file, but for what they contain. */
function sectionFaults(value: unknown): Fault[] {
  if (value === undefined || value === null) return [];
  if (!isMapping(value)) return [{ path: [], at: "value", message: `expected a mapping, got ${nameValue(value)}` }];
  return keysOf(value).flatMap((key): Fault[] => {
    const expected = Object.hasOwn(IncludedSections, key) ? IncludedSections[key] : undefined;
    const section = memberOf(value, key);
    if (expected === undefined) return [{ path: [key], at: "key", message: unknownSection(key) }];
    const fits = expected === "a list" ? Array.isArray(section) : isMapping(section);
    return fits ? [] : [{ path: [key], at: "value", message: `expected ${expected}, got ${nameValue(section)}` }];
  });
}

function unknownSection(key: string): string {
  if (knownOptions([]).includes(key)) return "only in the file that includes this one";
  const known = Object.keys(IncludedSections);
  const nearest = tryNearest(key, known);
  return `unknown option; ${nearest === undefined ? `known here: ${known.join(", ")}` : `did you mean ${nearest}?`}`;
}
