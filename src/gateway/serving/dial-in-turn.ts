import type { Cancellation } from "../../transport/cancellation.ts";
import type { Opening } from "../../transport/opening.ts";
import { upstreamFields } from "../routing/forwarded-fields.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import { protocolOf, type Protocol } from "../telemetry/stream-registry.ts";
import type { OpeningTrace } from "../telemetry/tracing.ts";
import { hostFor } from "./host-field.ts";
import type { OpeningObserver } from "./opening-observer.ts";
import type { StreamContext } from "./serving-context.ts";
import type { UpstreamRoute } from "./site.ts";
import type { UpstreamDialResult } from "./upstream-dialer.ts";

/**
 * Dials the addresses of the route's upstream in turn, each from its source addresses in turn, and returns the first result
 * that another one cannot better. Each is tried once at most, so that nothing spins where the machine has run out of something.
 *
 * @throws as `UpstreamDialer.dial` and `upstreamFields` do.
 */
export async function dialInTurn(
  opening: Opening,
  route: UpstreamRoute,
  cancellation: Cancellation,
  context: StreamContext,
  trace: OpeningTrace | undefined,
): Promise<UpstreamDialResult> {
  const { request, connection, streamId } = opening;
  const forwarded = upstreamFields(request, connection, streamId, context.trustedProxies);
  const fields = trace?.fieldsFor(forwarded) ?? forwarded;
  const { subprotocols, extensions, path } = request;
  const { upstream, dialer } = route;
  let result: UpstreamDialResult = { type: "unreachable", detail: "no address" };
  for (const address of upstream.inTurn()) {
    const authority = hostFor(route.hostField, { client: request.authority, address: address.authority });
    const dialed = { authority, path, subprotocols, extensions, fields };
    for (const target of upstream.targetsInTurn(address)) {
      result = await observedDial(route, protocolOf(connection), context.observer, (onConnected) =>
        dialer.dial(target, dialed, cancellation, onConnected),
      );
      const limit = limitOf(result);
      if (limit !== undefined) context.limitHit(limit, protocolOf(connection));
      // Another source address has ports, or room on its connections, of its own. Each takes a descriptor.
      if (limit === undefined || limit === "descriptors") break;
    }
    if (!mayTryAnother(result)) break;
  }
  return result;
}

/** Dials, and tells `observer` what came of it and how long each part took. */
async function observedDial(
  { upstream }: UpstreamRoute,
  protocol: Protocol,
  observer: OpeningObserver,
  dial: (onConnected: () => void) => Promise<UpstreamDialResult>,
): Promise<UpstreamDialResult> {
  const startedAt = performance.now();
  let connectedAt: number | undefined;
  const result = await dial(() => (connectedAt ??= performance.now()));
  const endedAt = performance.now();
  observer.dialOver({ upstream: upstream.name, result: result.type, seconds: (endedAt - startedAt) / 1000 });
  if (connectedAt === undefined) return result;
  observer.phaseOver("dial", protocol, (connectedAt - startedAt) / 1000);
  if (result.type === "accepted" || result.type === "refused") {
    observer.phaseOver("answer", protocol, (endedAt - connectedAt) / 1000);
  }
  return result;
}

/** What was run out of, if that is why there is no connection. */
function limitOf(result: UpstreamDialResult): LimitKind | undefined {
  if (result.type === "busy") return "upstream_waiting";
  return result.type === "exhausted" ? result.limit : undefined;
}

/** Whether the request has reached nobody yet, and another address may be better. */
function mayTryAnother(result: UpstreamDialResult): boolean {
  switch (result.type) {
    case "unreachable":
    case "busy":
      return true;
    case "timeout":
      return !result.asked;
    case "exhausted":
      // Each address takes a descriptor.
      return result.limit === "ports";
    case "accepted":
    case "refused":
    case "invalid":
    case "aborted":
      return false;
    default:
      return result satisfies never;
  }
}
