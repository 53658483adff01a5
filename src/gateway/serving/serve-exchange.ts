import { textRejection } from "../../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import type { HttpExchange } from "../../transport/opening.ts";
import type { AccessRefusal } from "../policy/access.ts";
import type { RequestResult } from "../telemetry/request-metrics.ts";
import { proxyExchange } from "./http-proxy.ts";
import { RequestReport, type RequestContext } from "./request-report.ts";
import { serveFile } from "./serve-file.ts";
import type { ServingContext } from "./serving-context.ts";
import { fileNameOf, type ServedRoute, type Site } from "./site.ts";

const ResultOf: Readonly<Record<AccessRefusal["rule"], RequestResult>> = {
  client: "client_denied",
  host: "host",
  misdirected: "misdirected",
  // Asked of openings alone.
  origin: "client_denied",
};

/** Nobody is asked with these: the first would show a client's secrets to its pages, the second asks for no resource. */
const MethodRefusals: ReadonlyMap<string, OpeningRejection> = new Map([
  [
    "TRACE",
    textRejection(405, "TRACE is not answered here.", ["allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]),
  ],
  ["CONNECT", textRejection(501, "This is no proxy to connect through.")],
]);

/** What serving exchanges needs of the gateway around it. */
export type ExchangeContext = RequestContext & Pick<ServingContext, "access" | "requestOver">;

/** Answers an ordinary HTTP request: first the rules of access, then by its route the upstream, a file, or a refusal. */
export function serveExchange(exchange: HttpExchange, site: Pick<Site, "find">, context: ExchangeContext): void {
  const { method, authority, fields, connection } = exchange;
  const route = site.find(exchange);
  const upstream = route?.type === "upstream" ? route.upstream.name : undefined;
  const report = new RequestReport(exchange, { route: route?.name ?? "", upstream }, context.requestOver);
  const scheme = connection.secure ? "https" : "http";
  const refusal = context.access.judge({ kind: "request", authority, scheme, fields }, connection, route?.config);
  if (refusal !== undefined) return report.answer(ResultOf[refusal.rule], refusal.rejection);
  const methodRefusal = MethodRefusals.get(method);
  if (methodRefusal !== undefined) return report.answer("answered", methodRefusal);
  // Asks about the server itself and not about a path (RFC 9110 §9.3.7), and undici could not send it on.
  if (exchange.path === "*") return report.answer("answered", { status: 204, fields: [], body: "" });
  serveRoute(exchange, route, report, context);
}

function serveRoute(
  exchange: HttpExchange,
  route: ServedRoute | undefined,
  report: RequestReport,
  context: RequestContext,
): void {
  switch (route?.type) {
    case "upstream": {
      const { name, hostField, http } = route;
      if (http === undefined) return refuseOrdinary(exchange, report);
      return proxyExchange(exchange, { name, hostField, http }, report, context);
    }
    case "handler":
      return refuseOrdinary(exchange, report);
    case "files":
      void serveFile(exchange, route, fileNameOf(route, exchange.path), report, context);
      return;
    case undefined:
      return report.refuse("no_route", 404, "There is nothing here.");
    default:
      route satisfies never;
  }
}

function refuseOrdinary({ connection }: HttpExchange, report: RequestReport): void {
  const sentence = "This path is for WebSockets.";
  // HTTP/2 has no Upgrade field, which a 426 must have (RFC 9113 §8.2.2, RFC 9110 §15.5.22).
  if (connection.httpVersion === "2") return report.refuse("not_websocket", 400, sentence);
  report.refuse("not_websocket", 426, sentence, ["upgrade", "websocket", "sec-websocket-version", "13"]);
}
