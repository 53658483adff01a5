import type { BlockList } from "node:net";
import { fieldValues } from "../../protocol/handshake/field-values.ts";
import type { Opening } from "../../transport/opening.ts";
import type { AccessRefusal } from "../policy/access.ts";
import { isListed, plainAddress } from "../routing/address-list.ts";
import type { OpeningResult } from "../telemetry/opening-result.ts";
import { protocolOf } from "../telemetry/stream-registry.ts";
import type { OpeningTrace, Tracing } from "../telemetry/tracing.ts";
import { OpeningReport } from "./opening-report.ts";
import { serveHandler } from "./serve-handler.ts";
import { serveUpstream } from "./serve-upstream.ts";
import type { ServingContext } from "./serving-context.ts";
import type { HandlerRoute, Site, UpstreamRoute } from "./site.ts";

const ResultOf: Readonly<Record<AccessRefusal["rule"], OpeningResult>> = {
  client: "client_denied",
  host: "host",
  misdirected: "misdirected",
  origin: "origin",
};

/**
 * Answers `opening`: first by the rules of access, then by its route: 404, or if the limits let it in the upstream's or the
 * handler's answer.
 */
export function serveOpening(opening: Opening, site: Site, context: ServingContext): void {
  const { request, connection } = opening;
  const route = site.find(request);
  const trace = context.tracing && tryTrace(opening, route?.name ?? "", context.tracing, context.trustedProxies);
  const report = new OpeningReport(opening, route?.name ?? "", context.openingOver, trace);
  const refusal = context.access.judge({ kind: "opening", ...request }, connection, route?.config);
  if (refusal !== undefined) return report.reject(ResultOf[refusal.rule], refusal.rejection);
  switch (route?.type) {
    case "upstream":
    case "handler":
      return serveAdmitted(opening, route, report, context);
    case "files":
    case undefined:
      return report.refuse("no_route", 404, "There is no WebSocket here.");
    default:
      route satisfies never;
  }
}

/** Of a trace that began before the request came here only trusted proxies are believed: others could have all sampled. */
function tryTrace(
  { request, connection }: Opening,
  route: string,
  tracing: Tracing,
  trustedProxies: BlockList | undefined,
): OpeningTrace | undefined {
  const isTrusted = isListed(plainAddress(connection.remoteAddress), trustedProxies);
  const traceparent = isTrusted ? fieldValues(request.fields, "traceparent")[0] : undefined;
  return tracing.begin({ route, protocol: protocolOf(connection), traceparent });
}

function serveAdmitted(
  opening: Opening,
  route: UpstreamRoute | HandlerRoute,
  report: OpeningReport,
  context: ServingContext,
): void {
  const { connection } = opening;
  const admission = context.admission.admit(connection, route.config);
  if (admission.type === "refused") {
    context.limitHit(admission.limit, protocolOf(connection));
    return report.reject("limited", admission.rejection, admission.limit);
  }
  context.observer.phaseOver("admission", protocolOf(connection), report.seconds);
  if (route.type === "upstream") void serveUpstream(opening, route, report, context, admission.release);
  else serveHandler(opening, route, report, context, admission.release);
}
