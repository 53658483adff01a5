import type { Config } from "../config/config.ts";
import type { MetricFamily } from "../telemetry/metric-samples.ts";
import type { FrameView, GatewayEvent, StreamQuery, StreamView } from "../telemetry/stream-view.ts";
import type { OverviewPart, Ranking } from "../telemetry/streams-member.ts";
import type { PortOfListener } from "./shared-ports.ts";

/** Each worker numbers its connections and streams in a range of its own, which is as large as that. */
export const IdsOfOne = 10_000_000_000;

/** What a worker is told at its start. */
export interface WorkerAssignment {
  /** From 1; the worker that takes the place of one that ended has its number. */
  readonly worker: number;
  /** Connections and streams are numbered from behind it. */
  readonly idsBehind: number;
  readonly ticketSecret: Uint8Array;
  /** For `hawser_build_info`. */
  readonly version: string;
  /** The form of the log where the config leaves it open. */
  readonly log: { readonly format: "json" | "text"; readonly colour: boolean };
}

/** What a worker is asked to do. Each order has one {@link WorkerAnswer}. */
export type WorkerOrder =
  | {
      readonly type: "start";
      readonly assignment: WorkerAssignment;
      readonly config: Config;
      readonly ports: readonly PortOfListener[];
    }
  /** Does all of a change that can fail. `commit` or `undo` follows. */
  | { readonly type: "prepare"; readonly config: Config; readonly ports: readonly PortOfListener[] }
  | { readonly type: "commit" | "undo" | "drain" | "count" | "scrape" }
  | ViewOrder;

/** What a worker is asked of its live streams, for operators. */
export type ViewOrder =
  | { readonly type: "rank"; readonly query: StreamQuery }
  | { readonly type: "views"; readonly ids: readonly number[] }
  | { readonly type: "close-stream"; readonly id: number; readonly code: number }
  | { readonly type: "overview" }
  /** {@link WorkerNews} come from now on under this number, until `unsubscribe`; `found` says whether there is such a stream. */
  | { readonly type: "frames"; readonly subscription: number; readonly id: number; readonly preview: boolean }
  | { readonly type: "events" | "unsubscribe"; readonly subscription: number };

/** What became of an order. */
export type WorkerAnswer =
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "streams"; readonly streams: number }
  | { readonly type: "families"; readonly families: readonly MetricFamily[] }
  | { readonly type: "ranking"; readonly ranking: Ranking }
  | { readonly type: "views"; readonly views: readonly StreamView[] }
  | { readonly type: "found"; readonly isFound: boolean }
  | { readonly type: "overview"; readonly part: OverviewPart };

/** What is told of a subscription. */
export type WorkerNews =
  | { readonly type: "frames"; readonly frames: readonly FrameView[] }
  | { readonly type: "events"; readonly events: readonly GatewayEvent[] }
  /** The stream has ended. Nothing follows. */
  | { readonly type: "over" };

/**
 * What is sent to a worker; orders have their numbers, and connections theirs, from 1. With a connection comes its socket,
 * unless the client has gone. One for which the worker has no file descriptor left does not come at all.
 */
export type ToWorker =
  | { readonly kind: "order"; readonly number: number; readonly order: WorkerOrder }
  | { readonly kind: "connection"; readonly number: number; readonly port: number };

/** What a worker sends. */
export type FromWorker =
  | { readonly kind: "answer"; readonly number: number; readonly answer: WorkerAnswer }
  | { readonly kind: "news"; readonly subscription: number; readonly news: WorkerNews }
  /** Which connection was the last that has come, and how many are open. Before each answer it says so, too. */
  | { readonly kind: "load"; readonly last: number; readonly open: number };

/** Whether `message` is one for a worker. Both ends are of one build: what it holds is not looked at. */
export function isToWorker(message: unknown): message is ToWorker {
  return kindOf(message) === "order" || kindOf(message) === "connection";
}

/** Whether `message` is one of a worker. */
export function isFromWorker(message: unknown): message is FromWorker {
  const kind = kindOf(message);
  return kind === "answer" || kind === "load" || kind === "news";
}

function kindOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "kind" in message ? message.kind : undefined;
}
