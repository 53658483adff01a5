/** The bytes of a response's body: text as UTF-8, bytes as they are. */
export function contentBytes(body: Uint8Array | string): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}
