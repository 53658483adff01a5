import { isObject, listOf, Text, type ValueRule } from "./option-rules.ts";

const Negotiator: ValueRule = {
  allowed: "an ExtensionNegotiator such as new PermessageDeflateNegotiator()",
  isAllowed: (value) =>
    isObject(value) && ["offers", "accept", "confirm"].every((name) => typeof Reflect.get(value, name) === "function"),
};

/** What offers or accepts extensions. */
export const ExtensionList = listOf(Negotiator, "a list such as [new PermessageDeflateNegotiator()]");

/** Field lines: name, value, name, value … */
export const FieldLineList: ValueRule = {
  ...listOf({ ...Text, isSecret: true }, "a list of name, value, name, value …"),
  isSecret: true,
};
