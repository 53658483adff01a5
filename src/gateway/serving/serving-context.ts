import type { BlockList } from "node:net";
import type { Deadlines } from "../config/config.ts";
import type { AccessPolicy } from "../policy/access.ts";
import type { Admission } from "../../websocket/admission.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { protocolOf, type Protocol, type StreamFacts, type StreamRegistry } from "../telemetry/stream-registry.ts";
import type { DeadlineList } from "../../transport/deadline-list.ts";
import type { Opening } from "../../transport/opening.ts";
import type { SeenStreams } from "../telemetry/seen-streams.ts";
import type { LiveStreams } from "./live-streams.ts";
import type { OpeningObserver } from "./opening-observer.ts";
import type { OpeningOutcome } from "./opening-report.ts";
import type { RequestOutcome } from "../telemetry/request-metrics.ts";

/** What serving needs of the gateway around it; made anew for each generation of the config. */
export interface ServingContext {
  readonly streams: StreamRegistry;
  readonly live: LiveStreams;
  /** Where operators see the WebSockets among them. */
  readonly seen: SeenStreams;
  readonly deadlines: Deadlines;
  /** Those of closing handshakes, `closeMs` each. */
  readonly closing: DeadlineList;
  /** Those by which clients over HTTP/2 end their half behind one. */
  readonly lingering: DeadlineList;
  readonly access: AccessPolicy;
  readonly admission: Admission;
  /** Clients whose own `Forwarded` and `X-Forwarded-*` fields are believed; `undefined`: nobody's are. */
  readonly trustedProxies: BlockList | undefined;
  /** `undefined`: nothing is traced. */
  readonly tracing: Tracing | undefined;
  readonly observer: OpeningObserver;
  readonly openingOver: (outcome: OpeningOutcome) => void;
  readonly requestOver: (outcome: RequestOutcome) => void;
  readonly limitHit: (limit: LimitKind, protocol: Protocol) => void;
  /** A handler of `route` threw `failure`, and has no `onError` of its own. */
  readonly handlerFailed: (route: string, failure: unknown) => void;
}

/** What a WebSocket that was admitted needs of it. */
export type StreamContext = Pick<
  ServingContext,
  | "streams"
  | "live"
  | "seen"
  | "deadlines"
  | "closing"
  | "lingering"
  | "trustedProxies"
  | "observer"
  | "limitHit"
  | "handlerFailed"
>;

/** The registry's facts of the stream that `opening` becomes when it is accepted. */
export function streamFactsOf(opening: Opening, route: string, upstream: string): StreamFacts {
  const { connection, streamId } = opening;
  return { route, upstream, protocol: protocolOf(connection), connectionId: connection.id, streamId };
}
