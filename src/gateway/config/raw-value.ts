// Reading what YAML gave before anybody has said that it fits the schema, so that one fault does not hide the next.

/** The member of a mapping or list called `key`, or `undefined` if `value` is neither or has none. */
export function memberOf(value: unknown, key: string | number): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The member called `key` if it is a string. */
export function stringMember(value: unknown, key: string | number): string | undefined {
  const member = memberOf(value, key);
  return typeof member === "string" ? member : undefined;
}

/** Says whether `value` is a mapping. */
export function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of a mapping's members; empty if `value` is not one. */
export function keysOf(value: unknown): string[] {
  return isMapping(value) ? Object.keys(value) : [];
}

/** The items of a list; empty if `value` is not one. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
