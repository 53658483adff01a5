import type { FieldLines } from "./opening-request.ts";

const Token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NotInFieldValue = /[^\t\x20-\x7e\x80-\xff]/;
const NextToken = /[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*/y;
const NextQuotedString = /[\t ]*"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)"[\t ]*/y;

/** Meant for one connection only, whether `Connection` names them or not (RFC 9110 §7.6.1, RFC 7540 §3.2.1). */
const HopByHop: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Says whether `text` is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return Token.test(text);
}

/** Says whether `name` can stand before the colon of a field line: a token, in any case (RFC 9110 §5.1). */
export function isFieldName(name: string): boolean {
  return Token.test(name);
}

/**
 * Says whether `value` can be sent as it is: no control character but the tab, no whitespace at either end, nothing
 * beyond one byte per character (RFC 9110 §5.5). The last matters because U+010A written as latin1 would be a line feed.
 */
export function isFieldValue(value: string): boolean {
  if (isWhitespace(value.charCodeAt(0)) || isWhitespace(value.charCodeAt(value.length - 1))) return false;
  return !NotInFieldValue.test(value);
}

/** `raw` (name, value, name, value …) with names in lower case, or `undefined` if a name or a value is invalid. */
export function tryFieldLines(raw: readonly string[]): FieldLines | undefined {
  if (raw.length % 2 !== 0) return undefined;
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (!isFieldName(name) || !isFieldValue(value)) return undefined;
    fields.push(name.toLowerCase(), value);
  }
  return fields;
}

/**
 * `given` (name, value, name, value …) with names in lower case.
 *
 * @param option - what they were given as.
 * @throws TypeError for the first line that is invalid, so that nothing can be injected. It has its name alone: a value may be
 *   secret.
 */
export function parseFieldLines(given: readonly string[], option = "fields"): FieldLines {
  const lines = tryFieldLines(given);
  if (lines === undefined) throw new TypeError(`${option}: ${lineFault(given)}`);
  return lines;
}

function lineFault(lines: readonly string[]): string {
  if (lines.length % 2 !== 0) return "a name without a value: they are name, value, name, value …";
  const at = lines.findIndex((text, i) => (i % 2 === 0 ? !isFieldName(text) : !isFieldValue(text)));
  const name = JSON.stringify(lines[at - (at % 2)]);
  if (at % 2 === 0) return `${name} is no field name (RFC 9110 §5.1)`;
  return `the value of ${name} has outer whitespace or a character that cannot be sent (RFC 9110 §5.5)`;
}

/**
 * Field lines as the text of an HTTP/1.1 head, each ended by CRLF; to be written as latin1.
 *
 * @throws TypeError for a name or a value that could not be read back as what it is, so nothing can be injected.
 */
export function encodeFieldLines(fields: FieldLines): string {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1];
    if (value === undefined || !isFieldName(name) || !isFieldValue(value)) throw new TypeError(lineFault(fields));
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** The values of all lines called `name` (lower case), in wire order; empty if there is none. */
export function fieldValues(fields: FieldLines, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) values.push(fields[i + 1]!);
  }
  return values;
}

/** Says whether there is a line called `name` (lower case). */
export function hasField(fields: FieldLines, name: string): boolean {
  return lineOf(fields, name, 0) >= 0;
}

/** The value of the only line called `name` (lower case), or `undefined` if there is none or more than one. */
export function singleFieldValue(fields: FieldLines, name: string): string | undefined {
  const at = lineOf(fields, name, 0);
  return at < 0 || lineOf(fields, name, at + 2) >= 0 ? undefined : fields[at + 1];
}

/** Where the next line called `name` begins, from `start` on; -1 if there is none. */
function lineOf(fields: FieldLines, name: string, start: number): number {
  for (let i = start; i < fields.length; i += 2) {
    if (fields[i] === name) return i;
  }
  return -1;
}

/**
 * The members of comma-separated lists over all `values` (RFC 9110 §5.6.1): trimmed, empty ones left out, grammar not
 * checked. Not for fields whose members may hold quoted strings.
 */
export function listMembers(values: readonly string[]): string[] {
  const members: string[] = [];
  for (const value of values) {
    for (const part of value.split(",")) {
      const member = trimWhitespace(part);
      if (member !== "") members.push(member);
    }
  }
  return members;
}

/** Says whether one of `values`, each a comma-separated list, has the member `member` (lower case) in any case. */
export function hasListMember(values: readonly string[], member: string): boolean {
  const [only] = values;
  if (only?.length === member.length && only.toLowerCase() === member) return true;
  return listMembers(values).some((one) => one.toLowerCase() === member);
}

/** `text` without spaces and tabs at its ends. `String#trim` would also take 0xA0, which is a byte of a value. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A list member with parameters: `name; key=value; flag`. A parameter without a value has `undefined`. */
export interface ParameterizedToken {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/**
 * The members of `#( token *( ";" token [ "=" ( token / quoted-string ) ] ) )`, quoted strings unescaped, or `undefined`
 * if `value` is something else. Empty members are left out (RFC 9110 §5.6.1.2).
 */
export function tryParameterizedTokens(value: string): ParameterizedToken[] | undefined {
  const members: ParameterizedToken[] = [];
  const text = trimWhitespace(value);
  let position = 0;
  while (position < text.length) {
    if (text[position] === "," || isWhitespace(text.charCodeAt(position))) {
      position++;
      continue;
    }
    const name = matchAt(NextToken, text, position);
    if (name === undefined) return undefined;
    const parameters = readParameters(text, NextToken.lastIndex);
    if (parameters === undefined) return undefined;
    members.push({ name, parameters: parameters.found });
    position = parameters.end;
    if (position < text.length && text[position] !== ",") return undefined;
  }
  return members;
}

function readParameters(
  text: string,
  start: number,
): { readonly found: [string, string | undefined][]; readonly end: number } | undefined {
  const found: [string, string | undefined][] = [];
  let position = start;
  while (text[position] === ";") {
    const name = matchAt(NextToken, text, position + 1);
    if (name === undefined) return undefined;
    position = NextToken.lastIndex;
    if (text[position] !== "=") {
      found.push([name, undefined]);
      continue;
    }
    const token = matchAt(NextToken, text, position + 1);
    if (token !== undefined) {
      found.push([name, token]);
      position = NextToken.lastIndex;
      continue;
    }
    const quoted = matchAt(NextQuotedString, text, position + 1);
    if (quoted === undefined) return undefined;
    found.push([name, quoted.replaceAll(/\\(.)/g, "$1")]);
    position = NextQuotedString.lastIndex;
  }
  return { found, end: position };
}

/** The first group of the sticky `pattern` at `position`; its `lastIndex` is then behind the match. */
function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[1];
}

/**
 * `fields` without those meant for this connection only: the known ones and every name `Connection` lists
 * (RFC 9110 §7.6.1). What may follow them to the next hop is for the caller to decide.
 */
export function withoutHopByHop(fields: FieldLines): FieldLines {
  return withoutNames(fields, hopByHopNames(fields));
}

/** Says of a name whether {@link withoutHopByHop} leaves it out of `fields`. */
export function hopByHopNames(fields: FieldLines): (name: string) => boolean {
  if (!hasField(fields, "connection")) return isHopByHop;
  const listed = new Set(listMembers(fieldValues(fields, "connection")).map((name) => name.toLowerCase()));
  return (name) => HopByHop.has(name) || listed.has(name);
}

function isHopByHop(name: string): boolean {
  return HopByHop.has(name);
}

/** `fields` without the lines whose name `isDropped` picks. */
export function withoutNames(fields: FieldLines, isDropped: (name: string) => boolean): FieldLines {
  let first = 0;
  while (first < fields.length && !isDropped(fields[first]!)) first += 2;
  // Mostly there is nothing to leave out.
  if (first >= fields.length) return fields;
  const kept = fields.slice(0, first);
  for (let i = first + 2; i < fields.length; i += 2) {
    if (!isDropped(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

/** `fields` without `content-length`, for who writes a length of his own. */
export function withoutLength(fields: FieldLines): FieldLines {
  return withoutNames(fields, (name) => name === "content-length");
}

/** `fields` with one `cookie` line: HTTP/2 may split it to compress it, elsewhere it is one again (RFC 9113 §8.2.3). */
export function joinCookies(fields: FieldLines): FieldLines {
  if (!hasField(fields, "cookie")) return fields;
  const cookies = fieldValues(fields, "cookie");
  if (cookies.length === 1) return fields;
  // An empty one would leave whitespace at an end, which no value has.
  const joined = cookies.filter((line) => line !== "").join("; ");
  return [...withoutNames(fields, (name) => name === "cookie"), "cookie", joined];
}

/** The cookies of `fields`, undecoded; of those with the same name the first (RFC 6265 §4.2.1). */
export function cookiesOf(fields: FieldLines): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of fieldValues(fields, "cookie").flatMap((line) => line.split(";"))) {
    const equals = pair.indexOf("=");
    const name = trimWhitespace(pair.slice(0, Math.max(equals, 0)));
    if (name !== "" && !cookies.has(name)) cookies.set(name, trimWhitespace(pair.slice(equals + 1)));
  }
  return cookies;
}
