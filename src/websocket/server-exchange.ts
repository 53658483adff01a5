import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { HttpExchange } from "../transport/opening.ts";

const Sentence = "There are only WebSockets here.";

/** Refuses an ordinary request to a server that has WebSockets alone. */
export function refuseExchange(exchange: HttpExchange): void {
  exchange.respond(refusalOf(exchange));
}

function refusalOf({ method, connection }: HttpExchange): OpeningRejection {
  const isH2 = connection.httpVersion === "2";
  if (method !== "GET" && method !== "HEAD") return textRejection(405, Sentence, ["allow", isH2 ? "CONNECT" : "GET"]);
  // HTTP/2 has no Upgrade field, which a 426 must have (RFC 9113 §8.2.2, RFC 9110 §15.5.22).
  if (isH2) return textRejection(400, Sentence);
  return textRejection(426, Sentence, ["upgrade", "websocket", "sec-websocket-version", "13"]);
}
