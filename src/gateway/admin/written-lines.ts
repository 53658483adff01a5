import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** A reader that has taken nothing for so long is gone. */
const StallMs = 20_000;

/**
 * Writes `parts` to `response` and ends it; the next part is only made when the reader has taken the ones before.
 *
 * @throws Error where the reader is gone, or takes nothing for twenty seconds.
 */
export async function writeLines(response: ServerResponse, parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts) {
    if (response.destroyed) return;
    if (!response.write(part)) await once(response, "drain", { signal: AbortSignal.timeout(StallMs) });
  }
  response.end();
}
