import { z } from "zod";
import type { ConfigPath } from "./fault.ts";
import { itemsOf, keysOf, memberOf } from "./raw-value.ts";
import { ConfigSchema } from "./schema.ts";

const Schema: unknown = z.toJSONSchema(ConfigSchema, { io: "input" });

/** The names of the options that the mapping at `path` may have. */
export function knownOptions(path: ConfigPath): string[] {
  return optionSchemas(path).flatMap((schema) => keysOf(memberOf(schema, "properties")));
}

/** Says whether the option at `path` is, or may be, a list of texts. */
export function isListOfTexts(path: ConfigPath): boolean {
  return optionSchemas(path).some((schema) => memberOf(memberOf(schema, "items"), "type") === "string");
}

/** Says whether the option at `path` is, or may be, a number, `true` or `false`. */
export function isNumberOrFlag(path: ConfigPath): boolean {
  const types = optionSchemas(path).map((schema) => memberOf(schema, "type"));
  return types.some((type) => type === "integer" || type === "number" || type === "boolean");
}

/** The JSON Schemas of which one must fit the option at `path`; none if there is no such option. */
function optionSchemas(path: ConfigPath): unknown[] {
  let schemas = alternatives(Schema);
  for (const step of path) {
    schemas = schemas.flatMap((schema) => {
      const own = typeof step === "number" ? memberOf(schema, "items") : memberOf(memberOf(schema, "properties"), step);
      return alternatives(own ?? memberOf(schema, "additionalProperties"));
    });
  }
  return schemas;
}

function alternatives(schema: unknown): unknown[] {
  const anyOf = itemsOf(memberOf(schema, "anyOf"));
  return anyOf.length > 0 ? [...anyOf] : [schema];
}
