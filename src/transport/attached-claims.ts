/** Says whether an opening for `path`, as received, is for whoever is asked; must not throw. */
export type TakesPath = (path: string) => boolean;

const Mark = Symbol("claim");

/** What a marked listener claims. */
class Claim {
  readonly takes: TakesPath;

  constructor(takes: TakesPath) {
    this.takes = takes;
  }
}

/** `listener`, marked as one of ours that answers the openings for the paths it `takes`. */
export function claiming<Listener extends object>(listener: Listener, takes: TakesPath): Listener {
  return Object.assign(listener, { [Mark]: new Claim(takes) });
}

function tryClaim(listener: unknown): Claim | undefined {
  if (typeof listener !== "function" || !(Mark in listener)) return undefined;
  return listener[Mark] instanceof Claim ? listener[Mark] : undefined;
}

/** How many of `listeners` are the owner's, or somebody else's. */
export function countStrangers(listeners: readonly unknown[]): number {
  return listeners.filter((listener) => tryClaim(listener) === undefined).length;
}

/** Whether one of ours among `listeners` takes the openings for `path`. */
export function isTaken(listeners: readonly unknown[], path: string): boolean {
  return listeners.some((listener) => tryClaim(listener)?.takes(path));
}

/** Whether `own` is the first of ours among `listeners`: to it falls what none of ours takes. */
export function isFirstOfOurs(listeners: readonly unknown[], own: unknown): boolean {
  return listeners.find((listener) => tryClaim(listener) !== undefined) === own;
}
