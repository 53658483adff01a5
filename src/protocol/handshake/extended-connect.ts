import {
  fieldValues,
  hasField,
  joinCookies,
  parseFieldLines,
  singleFieldValue,
  tryFieldLines,
  withoutNames,
} from "./field-values.ts";
import { brokenAnswerRule, type JudgedOffer, type Offer, readOffer } from "./negotiation.ts";
import { refuseOpening, type RefusedOpening } from "./opening-refusal.ts";
import type { FieldLines, OpeningAnswer, OpeningRequest } from "./opening-request.ts";
import { checkTarget, isOriginForm, tryAuthority } from "./request-target.ts";
import { acceptedAnswer, type CheckedAnswer, withoutHandshakeFields } from "./upgrade.ts";

/** Fields of an HTTP/1.1 connection, which make an HTTP/2 request malformed (RFC 9113 §8.2.2). */
const ConnectionSpecific: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** An Extended CONNECT that is a good opening handshake. */
export interface ConnectOpening {
  readonly type: "opening";
  readonly request: OpeningRequest;
}

/**
 * Judges a CONNECT by RFC 8441 §4–5 and RFC 9113 §8. `rawFields` is name, value, name, value … in wire order with the
 * pseudo-fields. A missing `Sec-WebSocket-Version` is tolerated (Firefox leaves it out behind proxies); a wrong one is 400
 * and not 426, whose `Upgrade` field HTTP/2 forbids. Cookie lines come out as one (RFC 9113 §8.2.3).
 *
 * @param secure - whether the client's connection is TLS.
 */
export function parseExtendedConnect(rawFields: FieldLines, secure: boolean): ConnectOpening | RefusedOpening {
  if (singleFieldValue(rawFields, ":method") !== "CONNECT") return refuseOpening("malformed", "Not a CONNECT.");
  if (singleFieldValue(rawFields, ":protocol") !== "websocket") {
    return refuseOpening("not-websocket", "The only protocol to CONNECT to here is websocket.");
  }
  const fields = tryFieldLines(withoutNames(rawFields, (name) => name.startsWith(":")));
  if (fields === undefined) return refuseOpening("malformed", "A field line is invalid.");
  const authority = singleFieldValue(rawFields, ":authority") ?? "";
  const path = singleFieldValue(rawFields, ":path") ?? "";
  const broken = brokenRule(rawFields, fields, authority, path);
  if (broken !== undefined) return refuseOpening("malformed", broken);
  if (fieldValues(fields, "sec-websocket-version").some((version) => version !== "13")) {
    const fields = ["sec-websocket-version", "13"];
    return refuseOpening("version", "The WebSocket version spoken here is 13.", { status: 400, fields });
  }
  const offer = readOffer(fields);
  if (typeof offer === "string") return refuseOpening("malformed", offer);
  const scheme = secure ? "https" : "http";
  return {
    type: "opening",
    request: { httpVersion: "2", scheme, authority, path, ...offer, fields: joinCookies(fields) },
  };
}

function brokenRule(rawFields: FieldLines, fields: FieldLines, authority: string, path: string): string | undefined {
  if (!singleFieldValue(rawFields, ":scheme")) return "There is not exactly one :scheme.";
  if (!isOriginForm(path)) return "There is not exactly one :path that begins with a slash.";
  if (tryAuthority(authority) === undefined) return "There is not exactly one valid :authority.";
  if (fieldValues(fields, "host").some((host) => host.toLowerCase() !== authority.toLowerCase())) {
    return "Host differs from :authority.";
  }
  // Behind it, DATA would not be allowed to flow (RFC 9113 §8.1.1), and some peers end the whole connection for that.
  if (hasField(fields, "content-length")) return "A CONNECT has no Content-Length.";
  if (fields.some((name, i) => i % 2 === 0 && ConnectionSpecific.has(name))) return "A field belongs to HTTP/1.1.";
  return undefined;
}

/**
 * The field lines of the 200 that accepts an Extended CONNECT, without `:status` (RFC 8441 §5). Of `answer.fields` those
 * are left out that the handshake writes itself or that would frame a body.
 *
 * @throws TypeError for an invalid field name or value.
 */
export function connectAnswerFields(answer: OpeningAnswer): FieldLines {
  const lines: string[] = [];
  if (answer.subprotocol !== undefined) lines.push("sec-websocket-protocol", answer.subprotocol);
  if (answer.extensions !== undefined) lines.push("sec-websocket-extensions", answer.extensions);
  lines.push(...withoutHandshakeFields(answer.fields ?? []));
  return parseFieldLines(lines);
}

/** What the dialing side asks of a server. */
export interface ConnectRequest extends Offer {
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** Path and query, begins with `/`. */
  readonly path: string;
  /** Further field lines; those the handshake writes itself or that would frame a body are left out. */
  readonly fields: FieldLines;
}

/**
 * The field lines of the Extended CONNECT that asks for a WebSocket, the pseudo-fields first (RFC 8441 §4–5).
 *
 * @throws TypeError for an invalid authority, path, field name or value.
 */
export function connectRequestFields(request: ConnectRequest): FieldLines {
  checkTarget(request);
  const lines = ["sec-websocket-version", "13"];
  if (request.subprotocols.length > 0) lines.push("sec-websocket-protocol", request.subprotocols.join(", "));
  if (request.extensions !== "") lines.push("sec-websocket-extensions", request.extensions);
  const fields = parseFieldLines([...lines, ...request.fields]);
  return [
    ...[":method", "CONNECT", ":protocol", "websocket", ":scheme", request.scheme],
    ...[":authority", request.authority, ":path", request.path],
    ...lines,
    ...withoutHandshakeFields(fields.slice(lines.length)),
  ];
}

/**
 * Judges the field lines of a success, without pseudo-fields, against the request it answers (RFC 8441 §5). A length, which
 * a CONNECT has none of, means nothing (RFC 9110 §9.3.6).
 */
export function checkConnectResponse(rawFields: FieldLines, sent: JudgedOffer): CheckedAnswer {
  const fields = tryFieldLines(rawFields);
  if (fields === undefined) return { type: "invalid", detail: "an invalid field line" };
  const detail = brokenAnswerRule(fields, sent);
  return detail === undefined ? acceptedAnswer(fields) : { type: "invalid", detail: `200 ${detail}` };
}
