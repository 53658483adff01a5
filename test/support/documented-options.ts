import { itemsOf, keysOf, memberOf } from "../../src/gateway/config/raw-value.ts";

/** What the JSON Schema of a config says of one option. */
export interface DocumentedOption {
  /** Names of options, `NAME` for one that is free; `[]` behind that of a list of mappings: `listeners[].tls.key`. */
  readonly path: string;
  readonly meaning: string | undefined;
  /** `undefined` where there is none, or where it is said in the meaning. */
  readonly standard: unknown;
  readonly isRequired: boolean;
  readonly isNumber: boolean;
  readonly unit: unknown;
  readonly minimum: unknown;
  readonly maximum: unknown;
  /** Whether it may be `off`. */
  readonly mayBeOff: boolean;
}

/** The options in `schema`, a JSON Schema, that have no options below them. */
export function documentedOptions(schema: unknown, path = "", isRequired = false): DocumentedOption[] {
  const inItems = memberOf(schema, "items");
  if (keysOf(memberOf(inItems, "properties")).length > 0) return documentedOptions(inItems, `${path}[]`);
  const free = memberOf(schema, "additionalProperties");
  if (keysOf(free).length > 0) return documentedOptions(free, `${path}.NAME`);
  const properties = memberOf(schema, "properties");
  const names = keysOf(properties);
  if (names.length === 0) return [optionOf(schema, path, isRequired)];
  const required = itemsOf(memberOf(schema, "required"));
  return names.flatMap((name) =>
    documentedOptions(memberOf(properties, name), path === "" ? name : `${path}.${name}`, required.includes(name)),
  );
}

function optionOf(schema: unknown, path: string, isRequired: boolean): DocumentedOption {
  const forms = [schema, ...itemsOf(memberOf(schema, "anyOf"))];
  const number = forms.find((form) => memberOf(form, "minimum") !== undefined);
  const meaning = memberOf(schema, "description");
  const standard = memberOf(schema, "default");
  return {
    path,
    meaning: typeof meaning === "string" ? meaning : undefined,
    standard: Array.isArray(standard) && standard.length === 0 ? undefined : standard,
    isRequired,
    isNumber: number !== undefined,
    unit: memberOf(schema, "x-unit"),
    minimum: memberOf(number, "minimum"),
    maximum: memberOf(number, "maximum"),
    mayBeOff: forms.some((form) => memberOf(form, "const") === "off"),
  };
}
