import { inspect } from "node:util";
import { checkOptionNames, type OptionPlace } from "../protocol/option-names.ts";
import { checkNumbers, type NumberRule } from "./number-rules.ts";

/** More of a text says nothing to who wrote it. */
const MostShown = 60;

/** What an option that is no number may be. */
export interface ValueRule {
  /** What is allowed, in words that stand behind "not". */
  readonly allowed: string;
  isAllowed(value: unknown): boolean;
  /** What the items of a list may be. */
  readonly items?: ValueRule | undefined;
  /** Whether a text may be a secret, and is not shown. */
  readonly isSecret?: boolean | undefined;
}

/** A rule for each of `Options`: whoever adds one is asked for its rule by the compiler. */
export type OptionRules<Options> = Readonly<Record<keyof Options, NumberRule | ValueRule>>;

/** Yes or no. */
export const Flag: ValueRule = { allowed: "true or false", isAllowed: (value) => typeof value === "boolean" };

/** What is called. */
export const Callback: ValueRule = { allowed: "a function", isAllowed: (value) => typeof value === "function" };

/** A string. */
export const Text: ValueRule = { allowed: "a string", isAllowed: (value) => typeof value === "string" };

/** Options of their own, which are checked behind those that they are among. */
export const Group: ValueRule = { allowed: "an object with options", isAllowed: isObject };

/** One of `choices`. */
export function oneOf(choices: readonly string[]): ValueRule {
  const quoted = choices.map((choice) => JSON.stringify(choice));
  const last = quoted.pop();
  return {
    allowed: quoted.length === 0 ? `${last}` : `${quoted.join(", ")} or ${last}`,
    isAllowed: (value) => typeof value === "string" && choices.includes(value),
  };
}

/** A list of what `items` allows, which is described by `allowed`. */
export function listOf(items: ValueRule, allowed: string): ValueRule {
  return { allowed, items, isAllowed: Array.isArray };
}

/** Says whether `value` is an object that options, or items of a list, can be read from. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Holds `options`, their names, their values and the items of their lists, to `rules`; `undefined` counts as not given.
 *
 * @param example - a call with options, for who gives something else.
 * @throws TypeError for what is no object, another name and another value; RangeError for a number that is not allowed. Each
 *   names the option and what is allowed, and shows no secret.
 */
export function checkOptions<Options>(
  options: unknown,
  rules: OptionRules<Options>,
  place: OptionPlace & { readonly example: string },
): void {
  if (!isObject(options)) {
    throw new TypeError(`${place.of} is given ${shown(options, true)}, not options: write ${place.example}`);
  }
  checkGroup(options, rules, place);
}

/** Holds what is nested in options, or absent, to `rules`, as {@link checkOptions} does. */
export function checkGroup<Options>(
  options: object | undefined,
  rules: OptionRules<Options>,
  place: OptionPlace,
): void {
  if (options === undefined) return;
  const all: Readonly<Record<string, NumberRule | ValueRule>> = rules;
  checkOptionNames(options, Object.keys(all), place);
  for (const [name, rule] of Object.entries(all)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    if ("allowed" in rule) checkValue(`${place.owner ?? ""}${name}`, value, rule);
    else checkNumbers({ [name]: value }, { [name]: rule }, place.owner);
  }
}

/** Holds the value of the option `name` to `rule`. @throws TypeError as {@link checkOptions}. */
export function checkValue(name: string, value: unknown, rule: ValueRule): void {
  if (!rule.isAllowed(value)) throw new TypeError(`${name} is ${shown(value, rule.isSecret)}, not ${rule.allowed}`);
  if (rule.items === undefined || !Array.isArray(value)) return;
  for (const [i, item] of value.entries()) checkValue(`${name}[${i}]`, item, rule.items);
}

/** @throws TypeError for the first of `names` that `options`, nested in `owner`, do not have. */
export function checkRequired<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
  owner: string,
): void {
  const missing = names.find((name) => options[name] === undefined);
  if (missing !== undefined) throw new TypeError(`${owner}${missing} is missing`);
}

/** `value` for who has given it: what it is, and of what is no object and no secret also which. */
function shown(value: unknown, isSecret = false): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string" && isSecret) return "a string";
  return inspect(value, { maxStringLength: MostShown });
}
