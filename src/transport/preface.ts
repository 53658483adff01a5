const Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * The HTTP version a client speaks on a cleartext connection, from its first `bytes`: `"2"` when they begin with the whole
 * connection preface (RFC 9113 §3.4), `"1.1"` at the first byte that differs from it, `undefined` while both are possible.
 */
export function tryDetectHttpVersion(bytes: Uint8Array): "1.1" | "2" | undefined {
  const length = Math.min(bytes.length, Preface.length);
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== Preface[i]) return "1.1";
  }
  return length === Preface.length ? "2" : undefined;
}
