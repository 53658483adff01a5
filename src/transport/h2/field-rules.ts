import { singleFieldValue } from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";

/** A bit for each: those of a request are a number, where a set of them would be an object for each request. */
const PseudoBits = { ":method": 1, ":scheme": 2, ":authority": 4, ":path": 8, ":protocol": 16 } as const;
const PseudoFields: ReadonlyMap<string, number> = new Map(Object.entries(PseudoBits));

/** Fields of an HTTP/1.1 connection (RFC 9113 §8.2.2). */
const ConnectionSpecific: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"],
]);

const UpperCase = /[A-Z]/;
const Status = /^[1-5]\d\d$/;

/**
 * The rule of RFC 9113 §8.2 and §8.3.1 that the field lines of a request break, in a few words, or `undefined`. Names and
 * values as such are judged elsewhere, alike for both HTTP versions.
 */
export function brokenFieldRule(fields: FieldLines): string | undefined {
  let seen = 0;
  let isBehindPseudo = false;
  let hosts = 0;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!;
    if (!name.startsWith(":")) {
      isBehindPseudo = true;
      const broken = brokenLineRule(name, fields[at + 1]!);
      if (broken !== undefined) return broken;
      if (name === "host" && ++hosts > 1) return "a Host twice";
      continue;
    }
    if (isBehindPseudo) return "a pseudo-field behind a field";
    const bit = PseudoFields.get(name);
    if (bit === undefined) return "an unknown pseudo-field";
    if ((seen & bit) !== 0) return "a pseudo-field twice";
    seen |= bit;
  }
  return brokenPseudoRule(fields, seen);
}

/** The rule of RFC 9113 §8.2 and §8.3.2 that the field lines of a response break, in a few words, or `undefined`. */
export function brokenResponseRule(fields: FieldLines): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at]!;
    if (at === 0 && name !== ":status") return "no :status";
    if (at > 0 && name.startsWith(":")) return "another pseudo-field than :status";
    const broken = brokenLineRule(name, fields[at + 1]!);
    if (broken !== undefined) return broken;
  }
  return Status.test(fields[1] ?? "") ? undefined : "a :status that is none";
}

/** What would say something else of the request than its head (RFC 9110 §6.5.1). */
const NotInTrailers: ReadonlySet<string> = new Set(["content-length", "host"]);

/** The rule that trailers break, or `undefined`: they have no pseudo-fields (§8.1). */
export function brokenTrailerRule(fields: FieldLines): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.startsWith(":")) return "a pseudo-field in trailers";
    if (NotInTrailers.has(fields[at]!)) return "a field that cannot be a trailer";
    const broken = brokenLineRule(fields[at]!, fields[at + 1]!);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenLineRule(name: string, value: string): string | undefined {
  if (UpperCase.test(name)) return "a name in upper case";
  if (ConnectionSpecific.has(name)) return "a field of HTTP/1.1";
  if (name === "te" && value !== "trailers") return "a TE other than trailers";
  return undefined;
}

function brokenPseudoRule(fields: FieldLines, seen: number): string | undefined {
  const has = (name: keyof typeof PseudoBits): boolean => (seen & PseudoBits[name]) !== 0;
  if (!has(":method")) return "no :method";
  const isConnect = singleFieldValue(fields, ":method") === "CONNECT";
  if (has(":protocol") && !isConnect) return ":protocol without CONNECT";
  const needsTarget = !isConnect || has(":protocol");
  if (needsTarget && !(has(":scheme") && has(":path"))) return "no :scheme or no :path";
  if (!needsTarget && (has(":scheme") || has(":path"))) return ":scheme or :path of a plain CONNECT";
  return needsTarget && singleFieldValue(fields, ":path") === "" ? "an empty :path" : undefined;
}
