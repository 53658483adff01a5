import { formatPath, type ConfigPath, type Fault } from "./fault.ts";
import type { RawConfig } from "./raw-config.ts";
import { isMapping, itemsOf, keysOf, memberOf } from "./raw-value.ts";
import type { YamlSource } from "./yaml-source.ts";

/** One of the files a config is written in. */
export interface SourceFile {
  readonly source: YamlSource;
  /** Absolute path, and that of its folder. */
  readonly file: string;
  readonly folder: string;
  /** What YAML gave, with the environment put in, and without. */
  readonly value: unknown;
  readonly written: unknown;
  /** What is wrong with this file for itself; paths begin in it. */
  readonly faults: readonly Fault[];
  /** Those of its `include` that are patterns and fit no file, by their places in the list. */
  readonly fitsNothing: readonly number[];
}

/** Where an option is: the file, and its path in it. */
interface Place {
  readonly file: SourceFile;
  readonly path: ConfigPath;
}

const Lists = ["include", "listeners", "routes"] as const;

/**
 * The files of a config as one: listeners, routes and includes one behind the other, upstreams side by side, everything
 * else from the first. Paths of options are those of the whole; what is told of them is told of the file they are in.
 */
export class ConfigSources implements RawConfig {
  readonly value: unknown;
  readonly written: unknown;
  /** Absolute paths of the files, and of the folders in which more would be found. */
  readonly files: readonly string[];
  readonly #sources: readonly [SourceFile, ...SourceFile[]];
  readonly #items: Readonly<Record<string, readonly Place[]>>;
  readonly #upstreams = new Map<string, SourceFile>();
  readonly #repeated: { readonly name: string; readonly file: SourceFile }[] = [];

  /**
   * @param files - the one that includes the others comes first.
   * @param folders - absolute paths of those in which more files would be found.
   */
  constructor(files: readonly [SourceFile, ...SourceFile[]], folders: readonly string[]) {
    this.#sources = files;
    this.files = [...files.map(({ file }) => file), ...folders];
    this.#items = Object.fromEntries(Lists.map((list) => [list, files.flatMap((file) => placesOf(file, list))]));
    for (const file of files) {
      for (const name of keysOf(memberOf(file.value, "upstreams"))) {
        if (this.#upstreams.has(name)) this.#repeated.push({ name, file });
        else this.#upstreams.set(name, file);
      }
    }
    this.value = this.#merge("value");
    this.written = this.#merge("written");
  }

  readonly folderOf = (path: ConfigPath): string => this.#placeOf(path).file.folder;

  /** `faults`, whose paths are those of the whole, and those of each file, in the order of the files: see `YamlSource`. */
  describe(faults: readonly Fault[], options: { readonly severity?: string } = {}): string[] {
    const repeated = this.#repeated.map(({ name, file }) => {
      const path = ["upstreams", name];
      return {
        file,
        fault: this.#local({ path, at: "key", message: "is listed already, as", other: { path } }, file, path),
      };
    });
    const placed = faults.map((fault) => {
      const { file, path } = this.#placeOf(fault.path);
      return { file, fault: this.#local(fault, file, path) };
    });
    return this.#sources.flatMap((file) => {
      // What the environment lacks, the schema and the checks lack as well.
      const told = new Set(file.faults.map(({ path }) => formatPath(path)));
      const others = [...repeated, ...placed].filter(
        (one) => one.file === file && !told.has(formatPath(one.fault.path)),
      );
      return file.source.describe([...file.faults, ...others.map(({ fault }) => fault)], options);
    });
  }

  /** What is hardly wanted: a pattern of `include` that fits no file, of whose routes nothing is left. */
  get warnings(): Fault[] {
    const places = this.#items["include"] ?? [];
    return places.flatMap(({ file, path: [, i] }, at): Fault[] =>
      file.fitsNothing.includes(Number(i)) ? [{ path: ["include", at], at: "value", message: "fits no file" }] : [],
    );
  }

  /** `fault` of the whole as one of `file`, where its place is `path`; what it mentions is put in words. */
  #local({ at, message, other }: Fault, file: SourceFile, path: ConfigPath): Fault {
    if (other === undefined) return { path, at, message };
    const { file: otherFile, path: otherPath } = this.#placeOf(other.path);
    const line = otherFile.source.lineOf(otherPath);
    const where = otherFile === file ? `line ${line}` : `${otherFile.source.name}:${line}`;
    const name = other.name === undefined ? "" : `${other.name}, `;
    return { path, at, message: `${message} ${formatPath(otherPath)} (${name}${where})` };
  }

  #placeOf(path: ConfigPath): Place {
    const [section = "", step, ...rest] = path;
    const item = typeof step === "number" ? this.#items[section]?.[step] : undefined;
    if (item !== undefined) return { file: item.file, path: [...item.path, ...rest] };
    const upstream = section === "upstreams" ? this.#upstreams.get(String(step)) : undefined;
    return { file: upstream ?? this.#sources[0], path };
  }

  #merge(which: "value" | "written"): unknown {
    const [{ [which]: whole }, ...others] = this.#sources;
    if (!isMapping(whole) || others.length === 0) return whole;
    const lists = Lists.flatMap((list) => {
      const own = memberOf(whole, list);
      const items = this.#sources.flatMap((file) => itemsOf(memberOf(file[which], list)));
      return (own === undefined && items.length === 0) || (own !== undefined && !Array.isArray(own))
        ? []
        : [[list, items] as const];
    });
    const upstreams = Array.from(this.#upstreams, ([name, file]) => [
      name,
      memberOf(memberOf(file[which], "upstreams"), name),
    ]);
    const own = memberOf(whole, "upstreams");
    const isReplaced = upstreams.length > 0 && (own === undefined || isMapping(own));
    return {
      ...whole,
      ...Object.fromEntries(lists),
      ...(isReplaced ? { upstreams: Object.fromEntries(upstreams) } : {}),
    };
  }
}

/** The places of the items of one of {@link Lists} of `file`. */
function placesOf(file: SourceFile, list: string): Place[] {
  return itemsOf(memberOf(file.value, list)).map((_, i) => ({ file, path: [list, i] }));
}
