import type { BlockList } from "node:net";
import type { Deadlines } from "../config/config.ts";
import type { AccessPolicy } from "../policy/access.ts";
import type { Admission } from "../policy/admission.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import { protocolOf, type Protocol, type StreamFacts, type StreamRegistry } from "../telemetry/stream-registry.ts";
import type { Opening } from "../../transport/opening.ts";
import type { LiveStreams } from "./live-streams.ts";
import type { OpeningOutcome } from "./opening-report.ts";
import type { RequestOutcome } from "../telemetry/request-metrics.ts";

/** What serving needs of the gateway around it; made anew for each generation of the config. */
export interface ServingContext {
  readonly streams: StreamRegistry;
  readonly live: LiveStreams;
  readonly deadlines: Deadlines;
  readonly access: AccessPolicy;
  readonly admission: Admission;
  /** Clients whose own `Forwarded` and `X-Forwarded-*` fields are believed. */
  readonly trustedProxies: BlockList;
  readonly openingOver: (outcome: OpeningOutcome) => void;
  readonly requestOver: (outcome: RequestOutcome) => void;
  readonly limitHit: (limit: LimitKind, protocol: Protocol) => void;
  /** A handler of `route` threw `failure`, and has no `onError` of its own. */
  readonly handlerFailed: (route: string, failure: unknown) => void;
}

/** What a WebSocket that was admitted needs of it. */
export type StreamContext = Pick<
  ServingContext,
  "streams" | "live" | "deadlines" | "trustedProxies" | "limitHit" | "handlerFailed"
>;

/** The registry's facts of the stream that `opening` becomes when it is accepted. */
export function streamFactsOf(opening: Opening, route: string, upstream: string): StreamFacts {
  const { connection, streamId } = opening;
  return { route, upstream, protocol: protocolOf(connection), connectionId: connection.id, streamId };
}

/** Longer than a browser nearby takes to end its half, shorter than one far away takes to open the next stream. */
const H2LingerMs = 20;

/**
 * How long the client of `opening` may take to end its half when all is said, in milliseconds. Over HTTP/2 Firefox never does,
 * but counts the stream as closed: what it opens meanwhile can exceed the limit of the connection, which nghttp2 answers by
 * ending all of it. The reset is read behind all that was sent. Over HTTP/1.1 it would overtake what the client has not read
 * yet, so there the deadlines of the closing handshake hold.
 */
export function lingerMsOf({ connection }: Opening): number | undefined {
  return connection.httpVersion === "2" ? H2LingerMs : undefined;
}
