import { fieldValues, singleFieldValue, tryFieldLines, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { isOriginForm, tryAuthority } from "../protocol/handshake/request-target.ts";
import type { HttpExchange } from "./opening.ts";

/** What an ordinary request asks for, as {@link HttpExchange} tells it. */
export type RequestFacts = Pick<HttpExchange, "method" | "path" | "authority" | "fields">;

const AbsoluteForm = /^https?:\/\/([^/?#]+)(.*)$/i;

/**
 * What an HTTP/1.1 request asks for, or `undefined` if its target, its Host or a field line is not one that can be served:
 * a 400 (RFC 9112 §3.2). Of a target in absolute-form the authority counts and not Host (§3.2.2).
 */
export function tryH1RequestFacts(
  method: string,
  target: string,
  rawFields: readonly string[],
): RequestFacts | undefined {
  const fields = tryFieldLines(rawFields);
  const host = fields && singleFieldValue(fields, "host");
  if (host === undefined) return undefined;
  const [, authority = host, rest = target] = AbsoluteForm.exec(target) ?? [];
  return tryRequestFacts(method, authority, rest === target || rest.startsWith("/") ? rest : `/${rest}`, fields);
}

/**
 * What an HTTP/2 request asks for, or `undefined` if a pseudo-field or a field line is not one that can be served: a 400
 * (RFC 9113 §8.3.1). `rawFields` has the pseudo-fields.
 */
export function tryH2RequestFacts(rawFields: readonly string[]): RequestFacts | undefined {
  const fields = tryFieldLines(withoutNames(rawFields, (name) => name.startsWith(":")));
  const method = singleFieldValue(rawFields, ":method");
  const path = singleFieldValue(rawFields, ":path");
  if (fields === undefined || method === undefined || path === undefined) return undefined;
  const hosts = fieldValues(fields, "host");
  const authority = singleFieldValue(rawFields, ":authority") ?? hosts[0];
  if (hosts.some((host) => host.toLowerCase() !== authority?.toLowerCase())) return undefined;
  return tryRequestFacts(method, authority, path, fields);
}

function tryRequestFacts(
  method: string,
  authority: string | undefined,
  path: string,
  fields: FieldLines | undefined,
): RequestFacts | undefined {
  if (authority === undefined || fields === undefined) return undefined;
  if (tryAuthority(authority) === undefined || !isOriginForm(path)) return undefined;
  return { method, path, authority, fields };
}
