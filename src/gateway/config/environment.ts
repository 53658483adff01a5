import { parse } from "yaml";
import type { ConfigPath, Fault } from "./fault.ts";
import { isNumberOrFlag } from "./option-schema.ts";
import { isMapping } from "./raw-value.ts";

/** Names and values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value with the environment put in, and what stood in the way. */
export interface Substitution {
  readonly value: unknown;
  readonly faults: readonly Fault[];
}

const Reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const ReferenceBody = /^([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?$/s;
const Plain = /^[\w.+-]+$/;

/**
 * `written`, the value of a whole file, with `${NAME}` and `${NAME:-default}` in its texts replaced; the default is for a
 * variable that is not there or empty. `$${` is a literal `${`. Keys stay as they are. What is put in remains text, however
 * it looks, but for an option that wants a number, or `true` or `false`: there it is read as YAML would.
 */
export function substitute(written: unknown, environment: Environment): Substitution {
  const faults: Fault[] = [];
  const inside = (value: unknown, path: ConfigPath): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => inside(item, [...path, i]));
    if (isMapping(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inside(member, [...path, key])]));
    }
    if (typeof value !== "string" || !value.includes("${")) return value;
    const { text, objection } = substituteText(value, environment);
    if (objection !== undefined) faults.push({ path, at: "value", message: objection });
    return isNumberOrFlag(path) ? readPlain(text) : text;
  };
  return { value: inside(written, []), faults };
}

/** `written` with each reference replaced; `objection`: why one could not be, without the value of any. */
function substituteText(
  written: string,
  environment: Environment,
): { readonly text: string; readonly objection: string | undefined } {
  let objection: string | undefined;
  const text = written.replaceAll(Reference, (reference, body: string | undefined, end: string) => {
    if (body === undefined) return "${";
    const [, name, standard] = (end === "}" ? ReferenceBody.exec(body) : null) ?? [];
    if (name === undefined) {
      objection ??= "expected ${NAME} or ${NAME:-default}; $${ is a ${ that means nothing";
      return reference;
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (standard !== undefined) return value === undefined || value === "" ? standard : value;
    if (value === undefined) {
      objection ??= `there is no ${name} in the environment; \${${name}:-…} has a default`;
    }
    return value ?? reference;
  });
  return { text, objection };
}

/** `text` as YAML reads it where that is one plain number, or `true` or `false`. */
function readPlain(text: string): unknown {
  if (!Plain.test(text)) return text;
  const value: unknown = parse(text);
  return typeof value === "number" || typeof value === "boolean" ? value : text;
}
