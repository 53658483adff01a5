import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { TransportRefusal } from "./opening.ts";

/** A request that is refused before the sink sees it. */
export interface RefusedRequest {
  readonly refusal: TransportRefusal;
  readonly rejection: OpeningRejection;
}

/** The refusal that is answered with `status` alone. */
export function refuse(refusal: TransportRefusal, status: number): RefusedRequest {
  return { refusal, rejection: { status, fields: [], body: "" } };
}

/** The refusals of ordinary requests that are good in themselves. */
export const RefusedRequests = { draining: refuse("draining", 503), headerSize: refuse("header-size", 431) } as const;

/** The refusals of openings that are good in themselves. What asks for a WebSocket may have a body in the answer. */
export const RefusedOpenings = {
  draining: { refusal: "draining", rejection: textRejection(503, "This server is closing.") },
  headerSize: { refusal: "header-size", rejection: textRejection(431, "The fields are too large, or too many.") },
  pipelined: { refusal: "malformed", rejection: textRejection(400, "An earlier request has no answer yet.") },
} as const satisfies Readonly<Record<string, RefusedRequest>>;
