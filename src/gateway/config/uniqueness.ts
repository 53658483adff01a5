import type { ConfigPath, Fault } from "./fault.ts";
import { tryWrittenText, type RawConfig } from "./raw-config.ts";

/** A value that must not be there twice, and where it is. `undefined` is not compared. */
export interface Unique {
  readonly path: ConfigPath;
  readonly value: string | undefined;
}

/** Those of `entries` whose value came before, each with the path where it came first. */
export function repeated(entries: readonly Unique[]): (Unique & { readonly first: ConfigPath })[] {
  const firsts = new Map<string, ConfigPath>();
  return entries.flatMap((entry) => {
    if (entry.value === undefined) return [];
    const first = firsts.get(entry.value);
    if (first !== undefined) return [{ ...entry, first }];
    firsts.set(entry.value, entry.path);
    return [];
  });
}

/** The faults of `names`, each at the path of an option `name` of `raw`, of which two are the same. */
export function checkNames(names: readonly Unique[], raw: RawConfig): Fault[] {
  return repeated(names).map(({ path, value, first }) => ({
    path,
    at: "value",
    message: `${tryWrittenText(raw, path) ?? value} is also the name of`,
    other: { path: first.slice(0, -1) },
  }));
}
