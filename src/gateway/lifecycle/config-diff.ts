import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";

/** Names of what is there only afterwards, only before, or both and not the same. */
export interface NameDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What distinguishes one config from the one before it. */
export interface ConfigDiff {
  readonly listeners: NameDiff;
  /** A route has changed, too, if its upstream has. */
  readonly routes: NameDiff;
  readonly upstreams: NameDiff;
  /** The other sections that are not the same. */
  readonly sections: readonly string[];
  /** Whether there is no difference. */
  readonly isEmpty: boolean;
}

const Sections = [
  "admin",
  "access",
  "limits",
  "http2",
  "deadlines",
  "reload",
  "log",
  "tracing",
  "trustedProxies",
] as const;

/** Compares two configs by what they mean; names tell what belongs together. */
export function diffConfigs(before: Config, after: Config): ConfigDiff {
  const listeners = diffNamed(before.listeners, after.listeners, isDeepStrictEqual);
  const upstreams = diffNamed(before.upstreams, after.upstreams, isDeepStrictEqual);
  const moved = new Set([...upstreams.added, ...upstreams.removed, ...upstreams.changed]);
  const routes = diffNamed(before.routes, after.routes, (one, other) => {
    const isMoved = other.target.type === "upstream" && moved.has(other.target.upstream);
    return !isMoved && isDeepStrictEqual(one, other);
  });
  const sections = Sections.filter((section) => !isDeepStrictEqual(before[section], after[section]));
  const named = [listeners, routes, upstreams].flatMap(({ added, removed, changed }) => [added, removed, changed]);
  const isEmpty = sections.length === 0 && named.every((names) => names.length === 0);
  return { listeners, routes, upstreams, sections, isEmpty };
}

/** `diff` on one line: `routes +chat ~echo -old, limits`; the names come from the config. */
export function formatDiff({ listeners, routes, upstreams, sections }: ConfigDiff): string {
  const named = Object.entries({ listeners, routes, upstreams }).flatMap(([what, { added, removed, changed }]) => {
    const names = [
      ...added.map((name) => `+${name}`),
      ...changed.map((name) => `~${name}`),
      ...removed.map((name) => `-${name}`),
    ];
    return names.length === 0 ? [] : [`${what} ${names.join(" ")}`];
  });
  return [...named, ...sections].join(", ");
}

function diffNamed<Item extends { readonly name: string }>(
  before: readonly Item[],
  after: readonly Item[],
  isSame: (one: Item, other: Item) => boolean,
): NameDiff {
  const earlier = new Map(before.map((item) => [item.name, item]));
  const later = new Set(after.map(({ name }) => name));
  const isChanged = (item: Item): boolean => {
    const one = earlier.get(item.name);
    return one !== undefined && !isSame(one, item);
  };
  return {
    added: after.filter(({ name }) => !earlier.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !later.has(name)).map(({ name }) => name),
    changed: after.filter(isChanged).map(({ name }) => name),
  };
}
