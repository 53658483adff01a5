import { z } from "zod";
import { isMapping, itemsOf, memberOf } from "./raw-value.ts";
import { ConfigSchema } from "./schema.ts";

/** What is said of a value by itself, and not of what a reference to the environment stands for. */
const OfTheValue = ["type", "pattern", "enum", "const", "minimum", "maximum"];

const Reference = { $ref: "#/$defs/reference" };

/**
 * JSON Schema (draft 2020-12) of a config file, for editors. It is milder than hawser: it also takes a file that others
 * are to complete or that is to be included, and says nothing of what two options have against each other.
 */
export function configJsonSchema(): object {
  const { required: _, ...schema } = z.toJSONSchema(ConfigSchema, { io: "input" });
  const properties = Object.entries(schema.properties ?? {}).map(([name, option]) => [name, withReferences(option)]);
  return {
    ...schema,
    title: "hawser config",
    properties: Object.fromEntries(properties),
    $defs: {
      reference: {
        description: "What `${NAME}`, or `${NAME:-default}`, stands for in the environment.",
        type: "string",
        pattern: String.raw`\$\{`,
      },
    },
  };
}

/** `schema` of an option, in which each value that is not a list or mapping may also be a reference to the environment. */
function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withReferences);
  if (!isMapping(schema)) return schema;
  const anyOf = itemsOf(memberOf(schema, "anyOf"));
  if (anyOf.length > 0) {
    const forms = anyOf.map((form) => (isScalar(form) ? form : withReferences(form)));
    return { ...schema, anyOf: [...forms, Reference] };
  }
  if (isScalar(schema)) return orReference(schema);
  return Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [key, isSchema(key) ? inside(key, part) : part]),
  );
}

function isSchema(key: string): boolean {
  return key === "properties" || key === "items" || key === "prefixItems" || key === "additionalProperties";
}

function inside(key: string, part: unknown): unknown {
  if (key !== "properties" || !isMapping(part)) return withReferences(part);
  return Object.fromEntries(Object.entries(part).map(([name, option]) => [name, withReferences(option)]));
}

function isScalar(schema: unknown): boolean {
  const type = memberOf(schema, "type");
  return type === "string" || type === "integer" || type === "number" || type === "boolean";
}

function orReference(schema: object): object {
  const parts = Object.entries(schema);
  const ofTheValue = Object.fromEntries(parts.filter(([key]) => OfTheValue.includes(key)));
  // Any text may have a reference in it.
  if (Object.keys(ofTheValue).length === 1 && memberOf(schema, "type") === "string") return schema;
  return {
    ...Object.fromEntries(parts.filter(([key]) => !OfTheValue.includes(key))),
    anyOf: [ofTheValue, Reference],
  };
}
