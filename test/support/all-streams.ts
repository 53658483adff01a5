import type { StreamQuery } from "../../src/gateway/telemetry/stream-view.ts";

/** The first hundred streams, as they opened. */
export const AllStreams: StreamQuery = {
  route: undefined,
  upstream: undefined,
  protocol: undefined,
  search: undefined,
  order: "id",
  ascending: true,
  offset: 0,
  limit: 100,
};
