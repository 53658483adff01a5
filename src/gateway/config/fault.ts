/** The way to a value of the config file: keys of mappings and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/** Something in a config file that is not as it should be. */
export interface Fault {
  /** Where it is; may lead to an option that is missing. */
  readonly path: ConfigPath;
  /** Which half of the option is wrong. */
  readonly at: "key" | "value";
  readonly message: string;
  /** Another option that the message ends with: the reader is told its name, if it has one, and where it is. */
  readonly other?: { readonly path: ConfigPath; readonly name?: string | undefined };
}

/** What a {@link ConfigError} has beside its faults. */
export interface ConfigErrorOptions extends ErrorOptions {
  readonly files?: readonly string[];
}

/** A config file that cannot be used. `message` has every fault with its line, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** How many faults `message` tells of. */
  readonly count: number;
  /** Absolute paths of the files and folders of which one must change before it can be used, as far as they are known. */
  readonly files: readonly string[];

  constructor(faults: readonly string[], { files = [], cause }: ConfigErrorOptions = {}) {
    super(faults.join("\n"), { cause });
    this.count = faults.length;
    this.files = files;
  }
}

/** `path` as a reader of the file would write it: `routes[0].path`; empty for the whole file. */
export function formatPath(path: ConfigPath): string {
  let written = "";
  for (const step of path) {
    if (typeof step === "number") written += `[${step}]`;
    else if (!/^[\w-]+$/.test(step)) written += `[${JSON.stringify(step)}]`;
    else written += written === "" ? step : `.${step}`;
  }
  return written;
}

/** `value` as a fault calls it: `"ws"`, `the number 3`, `a list`. */
export function nameValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "object") return "a mapping";
  return typeof value === "number" ? `the number ${value}` : JSON.stringify(value);
}
