import type { FieldLines } from "../protocol/handshake/opening-request.ts";

/** Nobody knows when there is room again: long enough that asking costs little, short enough to find it soon. */
const RetrySeconds = 5;

/** The field line that goes with 429 and 503 (RFC 9110 §10.2.3): in how many `seconds` to ask again, 5 where nobody knows. */
export function retryAfter(seconds = RetrySeconds): FieldLines {
  return ["retry-after", String(seconds)];
}
