import type { Config } from "../config/config.ts";
import type { DescriptorNeeds } from "./descriptors.ts";

/** What `config` lets be open at once. */
export function descriptorNeeds({ limits, routes, upstreams }: Config): DescriptorNeeds {
  const relayed = routes
    .filter(({ target }) => target.type === "upstream")
    .reduce((sum, { maxStreams = Infinity }) => sum + maxStreams, 0);
  const requests = upstreams
    .filter(({ takesRequests }) => takesRequests)
    .reduce((sum, { maxConnections, addresses }) => sum + maxConnections * addresses.length, 0);
  return {
    maxConnections: limits.maxConnections,
    maxStreams: Math.min(limits.maxStreams, relayed),
    maxUpstreamConnections: requests,
  };
}
