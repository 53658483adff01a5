import type { RequestOutcome } from "../../src/gateway/telemetry/request-metrics.ts";

/** A GET over HTTP/2 that a route answered with 200, but for what `outcome` says otherwise. */
export function requestOutcome(outcome: Partial<RequestOutcome> = {}): RequestOutcome {
  const times = { seconds: 0.03, bytesIn: 0, bytesOut: 2048 };
  return {
    route: "page",
    upstream: undefined,
    protocol: "h2",
    method: "GET",
    status: 200,
    result: "answered",
    ...times,
    ...outcome,
  };
}
