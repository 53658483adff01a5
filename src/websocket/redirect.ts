import { singleFieldValue } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { parseClientUrl, type ClientTarget } from "./client-url.ts";

/** Statuses that say where to ask instead (RFC 9110 §15.4). */
const Redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const Schemes: ReadonlySet<string> = new Set(["ws:", "wss:"]);

/** Whether the answer says to ask elsewhere. */
export function isRedirect({ status }: OpeningRejection): boolean {
  return Redirects.has(status);
}

/** Where the answer to `from` leads, if a client may go there: to another WebSocket, and not from TLS to cleartext. */
export function redirectTarget(rejection: OpeningRejection, from: ClientTarget): ClientTarget | undefined {
  const location = isRedirect(rejection) ? singleFieldValue(rejection.fields, "location") : undefined;
  const url = location === undefined ? null : URL.parse(location, from.url.href);
  if (url === null || !Schemes.has(url.protocol)) return undefined;
  // What is said of the fragment is for a page, and nobody logs us in where he likes.
  Object.assign(url, { hash: "", username: "", password: "" });
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
