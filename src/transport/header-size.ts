import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { HeaderLimits } from "./transport-limits.ts";

/** What each field line counts besides its name and its value (RFC 9113 §6.5.2). */
export const LineBytes = 32;

/** Says whether field lines, the pseudo-fields of HTTP/2 among them, are larger or more than `limits` allow. */
export function exceedsLimits(lines: FieldLines, limits: HeaderLimits): boolean {
  if (lines.length > 2 * limits.maxHeaderCount) return true;
  let bytes = (lines.length / 2) * LineBytes;
  for (const part of lines) bytes += part.length;
  return bytes > limits.maxHeaderBytes;
}

/** An HTTP/1.1 head as the field lines it would be on HTTP/2 (RFC 9113 §8.3.1), so that a limit means the same on both. */
export function asH2Lines(method: string, scheme: string, target: string, fields: FieldLines): FieldLines {
  const lines = [":method", method, ":scheme", scheme, ":path", target, ...fields];
  for (let i = 6; i < lines.length; i += 2) {
    if (lines[i]?.length === 4 && lines[i]?.toLowerCase() === "host") lines[i] = ":authority";
  }
  return lines;
}
