import type { Config } from "../config/config.ts";
import type { MetricFamily } from "../telemetry/metrics-sum.ts";
import type { PortOfListener } from "./shared-ports.ts";

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
  | { readonly type: "commit" | "undo" | "drain" | "count" | "scrape" };

/** What became of an order. */
export type WorkerAnswer =
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "streams"; readonly streams: number }
  | { readonly type: "families"; readonly families: readonly MetricFamily[] };

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
  /** Which connection was the last that has come, and how many are open. Before each answer it says so, too. */
  | { readonly kind: "load"; readonly last: number; readonly open: number };

/** Whether `message` is one for a worker. Both ends are of one build: what it holds is not looked at. */
export function isToWorker(message: unknown): message is ToWorker {
  return kindOf(message) === "order" || kindOf(message) === "connection";
}

/** Whether `message` is one of a worker. */
export function isFromWorker(message: unknown): message is FromWorker {
  return kindOf(message) === "answer" || kindOf(message) === "load";
}

function kindOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "kind" in message ? message.kind : undefined;
}
