import type { ConfigPath } from "./fault.ts";
import { memberOf } from "./raw-value.ts";

/** The whole of a config, what it includes in its place, before anybody has said that it fits the schema. */
export interface RawConfig {
  /** What YAML gave, with the environment put in. */
  readonly value: unknown;
  /** The same as it is written: for messages, since what is in the environment may be secret. */
  readonly written: unknown;
  /** Absolute path of the folder of the file in which the option at `path` is. */
  readonly folderOf: (path: ConfigPath) => string;
}

/** What is at `path`, or `undefined` if nothing is. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce(memberOf, value);
}

/** The text at `path` as it is written, if the environment has a part in what it became; otherwise `undefined`. */
export function tryWrittenText({ value, written }: RawConfig, path: ConfigPath): string | undefined {
  const text = valueAt(written, path);
  return typeof text === "string" && text !== valueAt(value, path) ? text : undefined;
}
