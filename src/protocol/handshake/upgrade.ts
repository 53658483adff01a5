import { hash } from "node:crypto";
import { createMaskWord } from "../frame/mask.ts";
import {
  encodeFieldLines,
  fieldValues,
  hasField,
  hasListMember,
  singleFieldValue,
  tryFieldLines,
  hopByHopNames,
  withoutNames,
} from "./field-values.ts";
import { brokenAnswerRule, type JudgedOffer, type Offer, readOffer, tryExtensionsValue } from "./negotiation.ts";
import { refuseOpening, type RefusedOpening } from "./opening-refusal.ts";
import type { FieldLines, OpeningAnswer, OpeningRequest } from "./opening-request.ts";
import { checkTarget, isOriginForm, tryAuthority } from "./request-target.ts";

const Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KeyForm = /^[+/0-9A-Za-z]{22}==$/;
const Http11 = /^1\.[1-9]$/;

/** What an HTTP/1.1 server knows of a request that carries an `Upgrade` field. */
export interface UpgradeHead {
  readonly method: string;
  /** `"1.1"` as in the request line. */
  readonly httpVersion: string;
  /** The request target as received. */
  readonly target: string;
  /** Name, value, name, value … as received: names in any case. */
  readonly fields: readonly string[];
  /** Whether the client's connection is TLS. */
  readonly secure: boolean;
}

/** An Upgrade that is a good opening handshake. `key` goes to {@link encodeUpgradeAnswer}. */
export interface UpgradeOpening {
  readonly type: "opening";
  readonly request: OpeningRequest;
  readonly key: string;
}

/**
 * Judges a client's Upgrade by RFC 6455 §4.2.1. Refused are also what has a body, a target other than origin-form, or an
 * invalid field line. A rejection of the version has an `upgrade` field, as 426 must (RFC 9110 §15.5.22): whoever sends
 * it names `upgrade` in `connection`.
 */
export function parseUpgrade(head: UpgradeHead): UpgradeOpening | RefusedOpening {
  const fields = tryFieldLines(head.fields);
  if (fields === undefined) return refuseOpening("malformed", "A field line is invalid.");
  if (!hasListMember(fieldValues(fields, "upgrade"), "websocket")) {
    return refuseOpening("not-websocket", "The only protocol to upgrade to here is websocket.");
  }
  if (head.method !== "GET") {
    return refuseOpening("malformed", "An Upgrade to websocket is a GET.", { status: 405, fields: ["allow", "GET"] });
  }
  const authority = singleFieldValue(fields, "host") ?? "";
  const broken = brokenRule(head, fields, authority);
  if (broken !== undefined) return refuseOpening("malformed", broken);
  if (singleFieldValue(fields, "sec-websocket-version") !== "13") {
    return refuseOpening("version", "The WebSocket version spoken here is 13.", {
      fields: ["upgrade", "websocket", "sec-websocket-version", "13"],
    });
  }
  const key = singleFieldValue(fields, "sec-websocket-key");
  if (key === undefined || !KeyForm.test(key)) {
    return refuseOpening("malformed", "Sec-WebSocket-Key is not 16 bytes in base64.");
  }
  const offer = readOffer(fields);
  if (typeof offer === "string") return refuseOpening("malformed", offer);
  const request: OpeningRequest = {
    httpVersion: "1.1",
    scheme: head.secure ? "https" : "http",
    authority,
    path: head.target,
    ...offer,
    fields,
  };
  return { type: "opening", request, key };
}

function brokenRule(head: UpgradeHead, fields: FieldLines, authority: string): string | undefined {
  if (!Http11.test(head.httpVersion)) return "An Upgrade needs HTTP/1.1.";
  if (!isOriginForm(head.target)) return "The request target is not a path.";
  if (tryAuthority(authority) === undefined) return "There is not exactly one valid Host.";
  if (!hasListMember(fieldValues(fields, "connection"), "upgrade")) return "Connection does not name upgrade.";
  // Early bytes are frames: what a body would be is read as one, by us and by whoever stands between in another way.
  if (hasField(fields, "transfer-encoding")) return "An Upgrade has no body.";
  if (fieldValues(fields, "content-length").some((length) => length !== "0")) return "An Upgrade has no body.";
  return undefined;
}

/** The `Sec-WebSocket-Accept` that answers `key` (RFC 6455 §4.2.2, 5.4). */
export function acceptKey(key: string): string {
  return hash("sha1", key + Guid, "base64");
}

/** A fresh `Sec-WebSocket-Key`: 16 bytes from the strong source, in base64 (RFC 6455 §4.1, 7). */
export function createUpgradeKey(): string {
  const key = Buffer.allocUnsafe(16);
  // As strong, and no call of the system for each.
  for (let at = 0; at < key.length; at += 4) key.writeInt32LE(createMaskWord(), at);
  return key.toString("base64");
}

/**
 * The 101 that accepts the Upgrade with `key`, head only, to be written as latin1. Of `answer.fields` those are left out
 * that the handshake writes itself or that would frame a body.
 *
 * @throws TypeError for an invalid field name or value.
 */
export function encodeUpgradeAnswer(key: string, answer: OpeningAnswer): string {
  const lines = ["Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Accept", acceptKey(key)];
  if (answer.subprotocol !== undefined) lines.push("Sec-WebSocket-Protocol", answer.subprotocol);
  if (answer.extensions !== undefined) lines.push("Sec-WebSocket-Extensions", answer.extensions);
  lines.push(...withoutHandshakeFields(answer.fields ?? []));
  return `HTTP/1.1 101 Switching Protocols\r\n${encodeFieldLines(lines)}\r\n`;
}

/** What the dialing side asks of a server. */
export interface UpgradeRequest extends Offer {
  /** The `Host` field. */
  readonly authority: string;
  /** Path and query, begins with `/`. */
  readonly path: string;
  /** From {@link createUpgradeKey}. */
  readonly key: string;
  /** Further field lines; those the handshake writes itself or that would frame a body are left out. */
  readonly fields: FieldLines;
}

/**
 * The Upgrade request of RFC 6455 §4.1, head only, to be written as latin1.
 *
 * @throws TypeError for an invalid authority, path, field name or value.
 */
export function encodeUpgradeRequest(request: UpgradeRequest): string {
  checkTarget(request);
  const lines = [
    ...["Host", request.authority, "Upgrade", "websocket", "Connection", "Upgrade"],
    ...["Sec-WebSocket-Key", request.key, "Sec-WebSocket-Version", "13"],
  ];
  if (request.subprotocols.length > 0) lines.push("Sec-WebSocket-Protocol", request.subprotocols.join(", "));
  if (request.extensions !== "") lines.push("Sec-WebSocket-Extensions", request.extensions);
  const further = encodeFieldLines(withoutHandshakeFields(request.fields));
  return `GET ${request.path} HTTP/1.1\r\n${encodeFieldLines(lines)}${further}\r\n`;
}

/** An answer that accepts as the client may rely on it, or the rule it breaks in a few words for the log. */
export type CheckedAnswer =
  | ({ readonly type: "accepted" } & OpeningAnswer & { readonly fields: FieldLines })
  | { readonly type: "invalid"; readonly detail: string };

/** Judges the field lines of a 101 by RFC 6455 §4.1 (client requirements 2–6) against the request it answers. */
export function checkUpgradeResponse(fields: FieldLines, sent: JudgedOffer & { key: string }): CheckedAnswer {
  const detail = brokenResponseRule(fields, sent.key) ?? brokenAnswerRule(fields, sent);
  return detail === undefined ? acceptedAnswer(fields) : { type: "invalid", detail: `101 ${detail}` };
}

function brokenResponseRule(fields: FieldLines, key: string): string | undefined {
  if (singleFieldValue(fields, "upgrade")?.toLowerCase() !== "websocket") return "to another protocol";
  if (!hasListMember(fieldValues(fields, "connection"), "upgrade")) return "without upgrade in Connection";
  if (singleFieldValue(fields, "sec-websocket-accept") !== acceptKey(key)) return "with a wrong accept key";
  if (hasField(fields, "content-length")) return "with Content-Length";
  if (hasField(fields, "transfer-encoding")) return "with Transfer-Encoding";
  return undefined;
}

/** What the field lines of an answer say, in which nothing is wrong but, where somebody else judges them, the extensions. */
export function acceptedAnswer(fields: FieldLines): CheckedAnswer {
  const extensions = tryExtensionsValue(fields) ?? fieldValues(fields, "sec-websocket-extensions").join(", ");
  return {
    type: "accepted",
    subprotocol: singleFieldValue(fields, "sec-websocket-protocol"),
    extensions: extensions === "" ? undefined : extensions,
    fields: withoutHandshakeFields(fields),
  };
}

const HandshakeFields: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
]);

/** `fields` without hop-by-hop ones, without what the handshake itself says on each leg, and without a body's length. */
export function withoutHandshakeFields(fields: FieldLines): FieldLines {
  const isHopByHop = hopByHopNames(fields);
  return withoutNames(fields, (name) => HandshakeFields.has(name) || isHopByHop(name));
}
