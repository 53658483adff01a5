import type { HttpExchange } from "../../transport/opening.ts";
import { protocolOf, type Protocol } from "../telemetry/stream-registry.ts";
import { fileNameOf, type ServedRoute, type Site } from "./site.ts";
import { textAnswer, type StaticAnswer } from "./static-files.ts";

/** Answers an ordinary HTTP request and tells what was answered; `route` is empty if none matched. */
export function serveExchange(
  exchange: HttpExchange,
  site: Site,
  requestOver: (route: string, protocol: Protocol, status: number) => void,
): void {
  const route = site.find(exchange);
  const answer = answerOf(exchange, route);
  exchange.respond(answer);
  requestOver(route?.name ?? "", protocolOf(exchange.connection), answer.status);
}

function answerOf(exchange: HttpExchange, route: ServedRoute | undefined): StaticAnswer {
  if (route === undefined) return textAnswer(404, "There is nothing here.");
  if (route.type === "files") return route.files.answer(exchange.method, fileNameOf(route, exchange.path));
  const sentence = "This path is for WebSockets.";
  // HTTP/2 has no Upgrade field, which a 426 must have (RFC 9113 §8.2.2, RFC 9110 §15.5.22).
  if (exchange.connection.httpVersion === "2") return textAnswer(400, sentence);
  return textAnswer(426, sentence, ["upgrade", "websocket", "sec-websocket-version", "13"]);
}
