import { METHODS } from "node:http";
import {
  fieldValues,
  joinCookies,
  singleFieldValue,
  tryFieldLines,
  withoutNames,
} from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { isOriginForm, tryAuthority } from "../protocol/handshake/request-target.ts";
import type { HttpExchange } from "./opening.ts";
import { refuse, type RefusedRequest } from "./refused-request.ts";
import { judgeFraming, type Framing } from "./request-framing.ts";

/** What an ordinary request asks for, as {@link HttpExchange} tells it, and how its content is framed. */
export type RequestFacts = Pick<HttpExchange, "method" | "path" | "authority" | "fields"> & {
  readonly framing: Framing;
};

/** The request line and the field lines of an HTTP/1.1 request as they came. */
export interface H1RequestHead {
  readonly method: string;
  readonly target: string;
  /** `"1.1"` as in the request line. */
  readonly httpVersion: string;
  readonly rawFields: readonly string[];
}

const AbsoluteForm = /^https?:\/\/([^/?#]+)(.*)$/i;
const Scheme = /^https?$/i;
/** Those node:http knows, so that HTTP/2 has no others. */
const KnownMethods: ReadonlySet<string> = new Set(METHODS);

/**
 * What an HTTP/1.1 request asks for, or its refusal if its version, target, Host, framing or a field line is not one that
 * can be served (RFC 9112 §3.2). A target in absolute-form stands for its Host as well, as that is what counts (§3.2.2).
 */
export function judgeH1Request({
  method,
  target,
  httpVersion,
  rawFields,
}: H1RequestHead): RequestFacts | RefusedRequest {
  const fields = tryFieldLines(rawFields);
  const host = fields && singleFieldValue(fields, "host");
  const isHttp1 = httpVersion === "1.1" || httpVersion === "1.0";
  if (fields === undefined || host === undefined || !isHttp1) return refuse("malformed", 400);
  const framing = judgeFraming(httpVersion, fields);
  if ("refusal" in framing) return framing;
  if (tryAuthority(host) === undefined) return refuse("malformed", 400);
  const [, authority, rest = target] = AbsoluteForm.exec(target) ?? [];
  if (authority === undefined) return judgeTarget({ method, path: target, authority: host, fields, framing });
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return judgeTarget({ method, path, authority, fields: withHost(fields, authority), framing });
}

/**
 * What an HTTP/2 request asks for, or its refusal if a pseudo-field, the length or a field line is not one that can be served
 * (RFC 9113 §8.3.1). `rawFields` has the pseudo-fields. Cookie lines come out as one (§8.2.3).
 */
export function judgeH2Request(rawFields: readonly string[]): RequestFacts | RefusedRequest {
  const fields = tryFieldLines(withoutNames(rawFields, (name) => name.startsWith(":")));
  const method = singleFieldValue(rawFields, ":method") ?? "";
  const path = singleFieldValue(rawFields, ":path") ?? "";
  if (fields === undefined || !KnownMethods.has(method)) return refuse("malformed", 400);
  if (!Scheme.test(singleFieldValue(rawFields, ":scheme") ?? "")) return refuse("malformed", 400);
  const hosts = fieldValues(fields, "host");
  const authority = singleFieldValue(rawFields, ":authority") ?? hosts[0] ?? "";
  if (hosts.some((host) => host.toLowerCase() !== authority.toLowerCase())) return refuse("malformed", 400);
  const framing = judgeFraming("2", fields);
  if ("refusal" in framing) return framing;
  return judgeTarget({ method, path, authority, fields: joinCookies(fields), framing });
}

function judgeTarget(facts: RequestFacts): RequestFacts | RefusedRequest {
  // Asks about the server itself (RFC 9112 §3.2.4).
  const isAsterisk = facts.method === "OPTIONS" && facts.path === "*";
  const isGood = tryAuthority(facts.authority) !== undefined && (isAsterisk || isOriginForm(facts.path));
  return isGood ? facts : refuse("malformed", 400);
}

function withHost(fields: FieldLines, authority: string): FieldLines {
  return fields.map((part, i) => (i % 2 === 1 && fields[i - 1] === "host" ? authority : part));
}
