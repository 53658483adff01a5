import { dial, type DialRequest, type DialResult } from "../../transport/dialer.ts";
import type { Opening } from "../../transport/opening.ts";
import type { AddressConfig } from "../config/config.ts";
import { upstreamFields } from "../routing/forwarded-fields.ts";
import type { Upstream } from "../routing/upstream.ts";
import { protocolOf } from "../telemetry/stream-registry.ts";
import { hostFor } from "./host-field.ts";
import type { StreamContext } from "./serving-context.ts";
import type { UpstreamRoute } from "./site.ts";

/**
 * Dials the addresses of the route's upstream in turn, each from its source addresses in turn, and returns the first result
 * that another one cannot better. Each is tried once at most, so that nothing spins where the machine has run out of something.
 *
 * @throws as `dial` and `upstreamFields` do.
 */
export async function dialInTurn(
  opening: Opening,
  { upstream, hostField }: UpstreamRoute,
  signal: AbortSignal,
  context: StreamContext,
): Promise<DialResult> {
  const { request, connection, streamId } = opening;
  const fields = upstreamFields(request, connection, streamId, context.trustedProxies);
  const { subprotocols, extensions, path } = request;
  const onExhausted = (limit: "descriptors" | "ports"): void => context.limitHit(limit, protocolOf(connection));
  let result: DialResult = { type: "unreachable", detail: "no address" };
  for (const address of upstream.inTurn()) {
    const authority = hostFor(hostField, { client: request.authority, address: address.authority });
    const dialed = { authority, path, subprotocols, extensions, fields };
    result = await dialFromEach(upstream, address, dialed, signal, onExhausted);
    if (!mayTryAnother(result)) break;
  }
  return result;
}

/** Dials `address` from one source address after the other, until one has a port left. */
async function dialFromEach(
  upstream: Upstream,
  address: AddressConfig,
  request: DialRequest,
  signal: AbortSignal,
  onExhausted: (limit: "descriptors" | "ports") => void,
): Promise<DialResult> {
  let result: DialResult = { type: "unreachable", detail: "no address" };
  for (const target of upstream.targetsInTurn(address)) {
    result = await dial(target, request, { ...upstream.timeouts, signal });
    if (result.type !== "exhausted") break;
    onExhausted(result.limit);
    if (result.limit === "descriptors") break;
  }
  return result;
}

/** Whether the request has reached nobody yet, and another address may be better. */
function mayTryAnother(result: DialResult): boolean {
  switch (result.type) {
    case "unreachable":
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
