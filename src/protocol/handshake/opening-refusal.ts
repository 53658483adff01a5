import type { FieldLines, OpeningRejection } from "./opening-request.ts";

/** Why a request is no opening: breaks a rule (400), another WebSocket version (426, 400), something else (501). */
export type HandshakeRefusal = "malformed" | "version" | "not-websocket";

/** A request that is refused before anybody looks at its path. */
export interface RefusedOpening {
  readonly type: "refused";
  readonly refusal: HandshakeRefusal;
  readonly rejection: OpeningRejection;
}

const StatusOf = { malformed: 400, version: 426, "not-websocket": 501 } as const;

/** The refusal with the status of HTTP/1.1 unless `status` says otherwise, and `sentence` for the reader as its body. */
export function refuseOpening(
  refusal: HandshakeRefusal,
  sentence: string,
  { status = StatusOf[refusal], fields = [] }: { status?: number; fields?: FieldLines } = {},
): RefusedOpening {
  return { type: "refused", refusal, rejection: textRejection(status, sentence, fields) };
}

/** The answer with `status` and one sentence of text. */
export function textRejection(status: number, sentence: string, fields: FieldLines = []): OpeningRejection {
  return { status, fields: ["content-type", "text/plain; charset=utf-8", ...fields], body: `${sentence}\n` };
}

/** The answer to an opening for a path at which there is nothing. */
export const NoWebSocketHere: OpeningRejection = textRejection(404, "There is no WebSocket here.");

/** The answer where the application failed: nothing of what failed is in it. */
export const SomethingFailed: OpeningRejection = textRejection(500, "Something went wrong here.");
