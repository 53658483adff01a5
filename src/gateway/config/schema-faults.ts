import type { z } from "zod";
import { nameValue, type ConfigPath, type Fault } from "./fault.ts";
import { tryNearest } from "./nearest.ts";
import { knownOptions } from "./option-schema.ts";
import { memberOf } from "./raw-value.ts";
import { ConfigSchema, type ConfigDocument } from "./schema.ts";
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

/** Holds `value`, the whole of a config file, against the schema. */
export function readDocument(value: unknown): ReadDocument {
  const result = ConfigSchema.safeParse(value);
  if (result.success) return { fits: true, document: result.data };
  return { fits: false, faults: result.error.issues.flatMap((issue) => issueFaults(issue, value)) };
}

function issueFaults(issue: Issue, value: unknown): Fault[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownOption(path, key));
  const expected = (issue.code === "invalid_type" ? Expected[issue.expected] : undefined) ?? issue.message;
  const got = path.reduce(memberOf, value);
  if (got === undefined) return [{ path, at: "value", message: `missing; expected ${expected}` }];
  const hint = valueHint(got, path, issue.code === "invalid_type" ? issue.expected : undefined);
  return [{ path, at: "value", message: `expected ${expected}, got ${nameValue(got)}${hint}` }];
}

function unknownOption(path: ConfigPath, key: string): Fault {
  if (lacksBlank(key)) return { path: [...path, key], at: "key", message: `unknown option; ${MissingBlank}` };
  const known = knownOptions(path);
  const nearest = tryNearest(key, known);
  const advice = nearest === undefined ? `known here: ${known.join(", ")}` : `did you mean ${nearest}?`;
  return { path: [...path, key], at: "key", message: `unknown option; ${advice}` };
}
