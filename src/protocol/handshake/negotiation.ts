import {
  fieldValues,
  hasField,
  isToken,
  listMembers,
  tryParameterizedTokens,
  type ParameterizedToken,
} from "./field-values.ts";
import type { FieldLines } from "./opening-request.ts";

/** One extension of `Sec-WebSocket-Extensions`: its token and its parameters in order (RFC 6455 §9.1). */
export type ExtensionTerms = ParameterizedToken;

/** What a client offers besides the path: read alike from an Upgrade and from an Extended CONNECT. */
export interface Offer {
  /** As {@link OpeningRequest} has it. */
  readonly subprotocols: readonly string[];
  /** As {@link OpeningRequest} has it. */
  readonly extensions: string;
}

const RsvAny = 0b111;
const RsvDeflate = 0b100;

/**
 * The extensions `value` names, or `undefined` if it breaks the grammar: a value in quotes must be a token too once they
 * are gone (RFC 6455 §9.1). Empty text has no extension. Names are compared with case.
 */
export function tryExtensions(value: string): ExtensionTerms[] | undefined {
  const extensions = tryParameterizedTokens(value);
  const isSound = extensions?.every(({ parameters }) =>
    parameters.every(([, text]) => text === undefined || isToken(text)),
  );
  return isSound ? extensions : undefined;
}

/**
 * The value of `Sec-WebSocket-Extensions`, repeated lines joined by `, `: empty if it names no extension, `undefined` if it
 * breaks the grammar.
 */
export function tryExtensionsValue(fields: FieldLines): string | undefined {
  if (!hasField(fields, "sec-websocket-extensions")) return "";
  const value = fieldValues(fields, "sec-websocket-extensions").join(", ");
  const extensions = tryExtensions(value);
  return extensions?.length === 0 ? "" : extensions && value;
}

/** What the client of `fields` offers, or a sentence on the rule it breaks: subprotocols are unique tokens (§4.1, 10). */
export function readOffer(fields: FieldLines): Offer | string {
  const subprotocols = listMembers(fieldValues(fields, "sec-websocket-protocol"));
  if (!subprotocols.every(isToken)) return "A subprotocol is not a token.";
  if (subprotocols.length > 1 && new Set(subprotocols).size !== subprotocols.length) {
    return "A subprotocol is offered twice.";
  }
  const extensions = tryExtensionsValue(fields);
  if (extensions === undefined) return "Sec-WebSocket-Extensions breaks its grammar.";
  return { subprotocols, extensions };
}

/** The first subprotocol `spoken` by a server, in its order of preference, that is `offered`, or `undefined` (§4.2.2). */
export function chooseSubprotocol(spoken: readonly string[], offered: readonly string[]): string | undefined {
  return spoken.find((subprotocol) => offered.includes(subprotocol));
}

/** An offer as an answer to it is judged. */
export interface JudgedOffer {
  readonly subprotocols: readonly string[];
  /** `undefined`: whoever offered them judges what is answered. */
  readonly extensions: string | undefined;
}

/**
 * What an accepting answer to the offer `sent` may not have (RFC 6455 §4.1), in a few words for the log; `undefined`: nothing.
 */
export function brokenAnswerRule(fields: FieldLines, sent: JudgedOffer): string | undefined {
  const subprotocols = fieldValues(fields, "sec-websocket-protocol");
  if (subprotocols.length > 1) return "with two subprotocols";
  if (subprotocols.some((one) => !isOfferedSubprotocol(one, sent.subprotocols)))
    return "with a subprotocol not offered";
  if (sent.extensions === undefined) return undefined;
  const extensions = tryExtensionsValue(fields);
  const isOffered = extensions !== undefined && areExtensionsOffered(extensions, sent.extensions);
  return isOffered ? undefined : "with an extension not offered";
}

/** Says whether a server may answer `answered`: one of the offered subprotocols, with case (RFC 6455 §4.1). */
function isOfferedSubprotocol(answered: string, offered: readonly string[]): boolean {
  return offered.includes(answered);
}

/**
 * Says whether a server may answer the extensions `answered` to the offer `offered`: each was offered, none comes twice.
 * Parameters are the endpoints' affair, so they are not compared.
 */
export function areExtensionsOffered(answered: string, offered: string): boolean {
  if (answered === "") return true;
  const names = tryExtensions(answered)?.map(({ name }) => name);
  const offers = new Set(tryExtensions(offered)?.map(({ name }) => name));
  return names !== undefined && new Set(names).size === names.length && names.every((name) => offers.has(name));
}

/**
 * The RSV bits frames may carry under the agreed `extensions`: 0 for none, RSV1 (4) for permessage-deflate (RFC 7692 §6).
 * Any other extension frees all three (7): only the endpoints know which bits it took.
 */
export function allowedRsvOf(extensions: string | undefined): number {
  const agreed = tryExtensions(extensions ?? "") ?? [];
  if (agreed.length === 0) return 0;
  return agreed.every(({ name }) => name === "permessage-deflate") ? RsvDeflate : RsvAny;
}
