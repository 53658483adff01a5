import type { TreeMemory } from "../../support/process-memory.ts";

/** Messages that come back, again and again: on each stream so many are under way. */
export interface EchoLoad {
  readonly type: "echo";
  readonly protocol: "h2" | "http/1.1";
  /** Over HTTP/1.1 each stream has a connection of its own. */
  readonly connections: number;
  readonly streamsPerConnection: number;
  readonly outstanding: number;
  readonly payloadBytes: number;
  /** Whether frames leave one to a TLS record, as browsers send them, or as many as there are. */
  readonly records: "full" | "one-frame";
}

/** WebSockets that are closed as soon as they are open, each followed by the next one. */
export interface OpenLoad {
  readonly type: "opens";
  readonly connections: number;
  /** Under way on each connection. */
  readonly atOnce: number;
}

/** WebSockets that rest behind one echo each. */
export interface IdleLoad {
  readonly type: "idle";
  readonly connections: number;
  readonly streamsPerConnection: number;
  readonly restMs: number;
}

/** A small call on one stream while its sibling carries as much as it can, over a slow path. */
export interface BesideBulkLoad {
  readonly type: "beside-bulk";
  readonly bulk: "up" | "down";
  readonly calls: number;
  /** From the start of the bulk to the first call. */
  readonly rampMs: number;
}

export type Load = EchoLoad | OpenLoad | IdleLoad | BesideBulkLoad;

/** What the generator is told to do. */
export interface LoadOrder {
  readonly load: Load;
  /** Of 127.0.0.1. */
  readonly port: number;
  /** The gateway's process, whose CPU and memory count with that of its children. */
  readonly pid: number;
  /** What the gateway shows, as PEM. */
  readonly certificate: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What came of a {@link LoadOrder}. */
export interface Sample {
  /** CPU in microseconds for a message or an opening, KiB of memory for an idle stream, or round trips of an idle path. */
  readonly cost: number;
  readonly perSecond: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Share of one core that the gateway used. */
  readonly gatewayShare: number | undefined;
  /** What the gateway had at the end. */
  readonly memory: TreeMemory | undefined;
}
