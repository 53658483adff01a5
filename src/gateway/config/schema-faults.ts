import type { z } from "zod";
import { nameValue, type ConfigPath, type Fault } from "./fault.ts";
import { tryNearest } from "../../protocol/nearest.ts";
import { knownOptions } from "./option-schema.ts";
import { tryWrittenText, valueAt, type RawConfig } from "./raw-config.ts";
import { ConfigSchema, type ConfigDocument } from "./schema.ts";
import { isSecret } from "./secret-options.ts";
import { valueHint } from "./value-hint.ts";
import { lacksBlank, MissingBlank } from "./yaml-error.ts";

type Issue = z.core.$ZodIssue;

const Expected: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  tuple: "a list",
};

/** `value` as the schema reads it, or what the schema has against it. */
export type ReadDocument =
  | { readonly fits: true; readonly document: ConfigDocument }
  | { readonly fits: false; readonly faults: readonly Fault[] };

/** Holds the whole of a config against the schema. */
export function readDocument(raw: RawConfig): ReadDocument {
  const result = ConfigSchema.safeParse(raw.value);
  if (result.success) return { fits: true, document: result.data };
  return { fits: false, faults: result.error.issues.flatMap((issue) => issueFaults(issue, [], raw)) };
}

/** @param around - the path of what the issue's own path begins in. */
function issueFaults(issue: Issue, around: ConfigPath, raw: RawConfig): Fault[] {
  const path = [...around, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownOption(path, key));
  if (issue.code === "invalid_union") {
    // One of the forms is the right one if what is wrong with it is only inside.
    const inside = issue.errors.find((issues) => issues.length > 0 && issues.every((one) => one.path.length > 0));
    if (inside !== undefined) return inside.flatMap((one) => issueFaults(one, path, raw));
  }
  const expected = (issue.code === "invalid_type" ? Expected[issue.expected] : undefined) ?? issue.message;
  const got = valueAt(raw.value, path);
  if (got === undefined) return [{ path, at: "value", message: `missing; expected ${expected}` }];
  const written = tryWrittenText(raw, path);
  if (written !== undefined) {
    const message = `expected ${expected}, got ${nameValue(written)}, whose value is not shown`;
    return [{ path, at: "value", message }];
  }
  if (isSecret(path)) return [{ path, at: "value", message: `expected ${expected}; what it got is not shown` }];
  const hint = valueHint(got, path, wantedType(issue));
  return [{ path, at: "value", message: `expected ${expected}, got ${nameValue(got)}${hint}` }];
}

/** The type the schema wants, if the type is what is wrong. */
function wantedType(issue: Issue): string | undefined {
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code !== "invalid_union") return undefined;
  const types = issue.errors.map(([first]) => (first?.code === "invalid_type" ? first.expected : undefined));
  return types.find((type) => type !== undefined);
}

function unknownOption(path: ConfigPath, key: string): Fault {
  if (lacksBlank(key)) return { path: [...path, key], at: "key", message: `unknown option; ${MissingBlank}` };
  const known = knownOptions(path);
  const nearest = tryNearest(key, known);
  const advice = nearest === undefined ? `known here: ${known.join(", ")}` : `did you mean ${nearest}?`;
  return { path: [...path, key], at: "key", message: `unknown option; ${advice}` };
}
