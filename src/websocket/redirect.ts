import { singleFieldValue } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { parseClientUrl, type ClientTarget } from "./client-url.ts";

/** Statuses that say where to ask instead (RFC 9110 §15.4). */
const Redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where the answer to `from` leads, if a client may go there: to another WebSocket, and not from TLS to cleartext. */
export function redirectTarget({ status, fields }: OpeningRejection, from: ClientTarget): ClientTarget | undefined {
  const location = Redirects.has(status) ? singleFieldValue(fields, "location") : undefined;
  const url = location === undefined ? null : URL.parse(location, from.url.href);
  if (url === null) return undefined;
  // What is said of the fragment is for a page.
  url.hash = "";
  const target = tryTarget(url);
  return target !== undefined && (from.scheme === "http" || target.scheme === "https") ? target : undefined;
}

function tryTarget(url: URL): ClientTarget | undefined {
  try {
    return parseClientUrl(url);
  } catch {
    return undefined;
  }
}
