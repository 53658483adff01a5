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
