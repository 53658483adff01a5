import { tryNearest } from "./nearest.ts";

/** More names than these say nothing to who reads them all. */
const MostListed = 8;

/** Whose options they are. */
export interface OptionPlace {
  /** What takes them, such as `connect()`. */
  readonly of: string;
  /** What they are nested in, with its dot, such as `http2.`; nothing where not given. */
  readonly owner?: string | undefined;
  /** By name, what to do with options that belong elsewhere, such as `it is one of listen()`. */
  readonly elsewhere?: Readonly<Record<string, string>> | undefined;
}

/**
 * Holds the names of `options` to `known`: an option that nobody reads would seem to be set. One that is `undefined` counts as
 * not given.
 *
 * @throws TypeError for the first other one: it names the nearest that there is.
 */
export function checkOptionNames(options: object, known: readonly string[], place: OptionPlace): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    throw new TypeError(`${place.owner ?? ""}${name} is no option of ${place.of}: ${cureFor(name, known, place)}`);
  }
}

function cureFor(name: string, known: readonly string[], { owner = "", elsewhere }: OptionPlace): string {
  if (elsewhere !== undefined && Object.hasOwn(elsewhere, name)) return elsewhere[name] ?? "";
  const nearest = tryNearest(name, known) ?? known.find((one) => name.toLowerCase().startsWith(one.toLowerCase()));
  if (nearest !== undefined) return `did you mean ${owner}${nearest}?`;
  return known.length > MostListed ? "none has a name like it" : `there are ${known.join(", ")}`;
}
