import type { YAMLError } from "yaml";

/** Part of the text: offsets in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A fault and where it stands. */
export interface PlacedFault extends Span {
  readonly message: string;
}

/** What is said of a key whose value follows without a blank, as in `name:chat`, which YAML reads as one word. */
export const MissingBlank = "a space is missing after the colon?";

/** Says whether `text` begins with a key and, without a blank between them, its value. */
export function lacksBlank(text: string): boolean {
  return /^\w+:(?!\/\/)\S/.test(text);
}

/** What YAML objects to in `text`, with a cure where one is known. */
export function placeYamlError({ code, pos, message }: YAMLError, text: string): PlacedFault {
  const [start, end] = pos;
  const fault = (cure: string, span: Span = { start, end }) => ({
    ...span,
    message: `not valid YAML: ${message}${cure}`,
  });
  switch (code) {
    case "TAB_AS_INDENT":
      return fault("; indent with spaces");
    case "BAD_SCALAR_START":
      return fault("; put it in quotes");
    case "MULTILINE_IMPLICIT_KEY":
    case "MISSING_CHAR":
    case "UNEXPECTED_TOKEN": {
      if (lacksBlank(text.slice(start))) return fault(`; ${MissingBlank}`);
      const unquoted = tryBracketed(text, start) ?? tryReference(text, start);
      return unquoted === undefined ? fault("") : fault("; put it in quotes", unquoted);
    }
    default:
      return fault("");
  }
}

/** The span of a text such as `[::]:80` that goes on at `position`, where YAML took the part before it for a list. */
function tryBracketed(text: string, position: number): Span | undefined {
  const list = /\[[^[\]\s]*\]$/.exec(text.slice(0, position))?.[0];
  const rest = /^[^\s,[\]{}]+/.exec(text.slice(position))?.[0];
  if (list === undefined || rest === undefined) return undefined;
  return { start: position - list.length, end: position + rest.length };
}

/** The span of a text with a `${…}` whose brace is at `position`, where YAML took that brace for a mapping. */
function tryReference(text: string, position: number): Span | undefined {
  if (text.slice(position - 1, position + 1) !== "${") return undefined;
  const before = /[^\s,[\]{}]*$/.exec(text.slice(0, position))?.[0] ?? "";
  const rest = /^\{[^}\r\n]*\}?[^\s,[\]{}]*/.exec(text.slice(position))?.[0] ?? "";
  return { start: position - before.length, end: position + rest.length };
}
