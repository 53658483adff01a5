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
  const protocol = protocolOf(connection);
  let result: UpstreamDialResult = { type: "unreachable", detail: "no address" };
  for (const address of upstream.inTurn()) {
    const authority = hostFor(route.hostField, { client: request.authority, address: address.authority });
    const dialed = { authority, path, subprotocols, extensions, fields };
    for (const target of upstream.targetsInTurn(address)) {
      const times = new DialTimes();
      result = await dialer.dial(target, dialed, cancellation, times.onConnected);
      times.tell(context.observer, upstream.name, protocol, result);
      const limit = limitOf(result);
      if (limit !== undefined) context.limitHit(limit, protocol);
      // Another source address has ports, or room on its connections, of its own. Each takes a descriptor.
      if (limit === undefined || limit === "descriptors") break;
    }
    if (!mayTryAnother(result)) break;
  }
  return result;
}

/** How long each part of a dial took that begins now. */
class DialTimes {
  readonly #startedAt = performance.now();
  #connectedAt: number | undefined;

  readonly onConnected = (): void => {
    this.#connectedAt ??= performance.now();
  };

  /** The dial of `upstream` is over. */
  tell(observer: OpeningObserver, upstream: string, protocol: Protocol, { type }: UpstreamDialResult): void {
    const endedAt = performance.now();
    const connectedAt = this.#connectedAt;
    observer.dialOver({ upstream, result: type, seconds: (endedAt - this.#startedAt) / 1000 });
    if (connectedAt === undefined) return;
    observer.phaseOver("dial", protocol, (connectedAt - this.#startedAt) / 1000);
    if (type === "accepted" || type === "refused")
      observer.phaseOver("answer", protocol, (endedAt - connectedAt) / 1000);
  }
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
