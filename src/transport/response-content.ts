import type { FieldLines } from "../protocol/handshake/opening-request.ts";

/** The bytes of a response's body: text as UTF-8, bytes as they are. */
export function contentBytes(body: Uint8Array | string): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}

/** The field line of a response's length. A 204 and a 304 have no content, and none is said of them (RFC 9110 §8.6). */
export function contentLengthLine(status: number, content: Uint8Array): FieldLines {
  return status === 204 || status === 304 ? [] : ["content-length", String(content.length)];
}

/** Whether the answer to `method` with `status` has no content whatever its fields say (RFC 9110 §6.4.1, §15.3.6). */
export function hasNoContent(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 205 || status === 304;
}
