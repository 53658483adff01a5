import { z } from "zod";
import type { ConfigPath } from "./fault.ts";
import { keysOf, memberOf } from "./raw-value.ts";
import { ConfigSchema } from "./schema.ts";

/** The names of the options that the mapping at `path` may have. */
export function knownOptions(path: ConfigPath): string[] {
  return keysOf(memberOf(optionSchema(path), "properties"));
}

/** Says whether the option at `path` is a list of texts. */
export function isListOfTexts(path: ConfigPath): boolean {
  return memberOf(memberOf(optionSchema(path), "items"), "type") === "string";
}

/** The JSON Schema of the option at `path`. */
function optionSchema(path: ConfigPath): unknown {
  let schema: unknown = z.toJSONSchema(ConfigSchema, { io: "input" });
  for (const step of path) {
    const own = typeof step === "number" ? memberOf(schema, "items") : memberOf(memberOf(schema, "properties"), step);
    schema = own ?? memberOf(schema, "additionalProperties");
  }
  return schema;
}
