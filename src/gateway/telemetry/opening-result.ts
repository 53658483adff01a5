import type { TransportRefusal } from "../../transport/opening.ts";

/** What became of an opening: the WebSocket is open, or who said no and why. */
export const OpeningResults = [
  "accepted",
  "no_route",
  "upstream_refused",
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_invalid",
  "malformed",
  "header_size",
  "version",
  "not_websocket",
  "host",
  "misdirected",
  "client_denied",
  "origin",
  "limited",
  "exhausted",
  "deadline",
  "draining",
  "client_left",
] as const;
export type OpeningResult = (typeof OpeningResults)[number];

/** The result of a request that the transport refuses by itself. */
export function resultOfRefusal(refusal: TransportRefusal): OpeningResult {
  switch (refusal) {
    case "not-websocket":
      return "not_websocket";
    case "header-size":
      return "header_size";
    default:
      return refusal;
  }
}
