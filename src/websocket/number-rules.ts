import { inspect } from "node:util";

/** The longest that a timer of Node can wait, in milliseconds; more would fire at once. */
export const MaxTimerMs = 2 ** 31 - 1;

/** What a number may be. */
export interface NumberRule {
  readonly from: number;
  readonly to: number;
  readonly isWhole: boolean;
  /** What Infinity says, where it may be given. */
  readonly infinity: "no limit" | "never" | "ever" | undefined;
}

/** So many of something, at least one. */
export const Count: NumberRule = { from: 1, to: Number.MAX_SAFE_INTEGER, isWhole: true, infinity: undefined };

/** A bound on so many of something, which there may also not be. */
export const Limit: NumberRule = { ...Count, infinity: "no limit" };

/** So many a second, on average: one in a thousand seconds at least. */
export const PerSecond: NumberRule = { ...Count, from: 0.001, isWhole: false };

/** Milliseconds that a timer can wait. */
export const Milliseconds: NumberRule = { from: 1, to: MaxTimerMs, isWhole: false, infinity: undefined };

/** A rule for each number of `Options`. */
export type NumberRules<Options> = Readonly<Record<keyof Options, NumberRule>>;

/**
 * Holds the numbers among `options` to `rules`; `undefined` counts as not given.
 *
 * @param owner - what they are options of, with its dot, such as `deadlines.`.
 * @throws RangeError for one that is none, or not allowed: it names the option, the value and what is allowed.
 */
export function checkNumbers<Name extends string>(
  options: { readonly [Key in NoInfer<Name>]?: unknown } | undefined,
  rules: Readonly<Record<Name, NumberRule>>,
  owner = "",
): void {
  if (options === undefined) return;
  for (const name in rules) {
    const value = options[name];
    if (value !== undefined && !isAllowed(value, rules[name])) throw outOfRange(`${owner}${name}`, value, rules[name]);
  }
}

function isAllowed(value: unknown, { from, to, isWhole, infinity }: NumberRule): boolean {
  if (typeof value !== "number") return false;
  if (value === Infinity) return infinity !== undefined;
  return value >= from && value <= to && (!isWhole || Number.isInteger(value));
}

function outOfRange(name: string, value: unknown, { from, to, isWhole, infinity }: NumberRule): RangeError {
  const end = to === Number.MAX_SAFE_INTEGER ? "on" : `to ${to}`;
  const open = infinity === undefined ? "" : `, or Infinity for ${infinity}`;
  const kind = isWhole ? "whole number" : "number";
  return new RangeError(`${name} is ${inspect(value, { depth: 0 })}, not a ${kind} from ${from} ${end}${open}`);
}
