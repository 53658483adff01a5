import type { CloseCause, Protocol, StreamClose } from "./stream-registry.ts";

/** What passed in one direction of a WebSocket so far, and how fast it does now. */
export interface TrafficView {
  /** Of frames, headers included. */
  readonly bytes: number;
  readonly frames: number;
  /** Messages that have begun. */
  readonly messages: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
}

/** One live WebSocket, as operators see it. JSON. */
export interface StreamView {
  /** Of all workers together there is none with the same. */
  readonly id: number;
  /** 0 where one process serves alone. */
  readonly worker: number;
  readonly route: string;
  readonly upstream: string;
  readonly listener: string;
  readonly protocol: Protocol;
  /** The client's TCP connection: streams with the same number share it. */
  readonly connectionId: number;
  /** RFC 9113 stream identifier; 0 on HTTP/1.1. */
  readonly streamId: number;
  /** The client's address, or `null` where the config says that it is not shown. */
  readonly client: string | null;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly ageMs: number;
  /** Since the last frame of either side; `null` where none came. */
  readonly idleMs: number | null;
  readonly subprotocol: string | null;
  /** As `Sec-WebSocket-Extensions` of the answer has them. */
  readonly extensions: string | null;
  readonly toUpstream: TrafficView;
  readonly toClient: TrafficView;
  /** Round trip of the last Ping that was answered, in milliseconds; `null` where none was. */
  readonly pingMs: number | null;
  /** Bytes that the gateway holds for it, by the direction in which they go. */
  readonly buffered: { readonly toUpstream: number; readonly toClient: number };
  /** Bytes an HTTP/2 client takes on this stream before it grants more; `null` on HTTP/1.1 or where nobody can tell. */
  readonly sendWindow: number | null;
  readonly state: "open" | "closing";
}

/** What one can sort by. */
export const StreamOrders = ["age", "bytes", "messages", "rate", "idle", "buffered", "id"] as const;
export type StreamOrder = (typeof StreamOrders)[number];

/** Which streams somebody wants to see. */
export interface StreamQuery {
  readonly route: string | undefined;
  readonly upstream: string | undefined;
  readonly protocol: Protocol | undefined;
  /** Part of a route, an upstream, a subprotocol, a client's address (where shown), or the whole id. */
  readonly search: string | undefined;
  readonly order: StreamOrder;
  /** The largest first, unless it is. */
  readonly ascending: boolean;
  /** How many are left out in front. */
  readonly offset: number;
  /** At most 1 000. */
  readonly limit: number;
}

/** A page of them. */
export interface StreamPage {
  readonly streams: readonly StreamView[];
  /** How many fit the query. */
  readonly matching: number;
  /** How many are open. */
  readonly open: number;
  /** Numbers of the workers that did not answer in time: what they have is left out. */
  readonly silentWorkers: readonly number[];
}

/** The header of one frame. */
export interface FrameView {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly direction: "to-upstream" | "to-client";
  readonly opcode: "continuation" | "text" | "binary" | "close" | "ping" | "pong";
  readonly fin: boolean;
  /** The three reserved bits as a number. */
  readonly rsv: number;
  readonly payloadBytes: number;
  /** The first characters of a text, where the route allows it and the asker may see it, masked by its rules. */
  readonly preview?: string;
  /** So many frames just before it were left out, since they came faster than they were read. */
  readonly missed?: number;
}

/** A piece of news of the gateway. */
export type GatewayEvent =
  | {
      readonly type: "opened";
      readonly at: number;
      readonly id: number;
      readonly route: string;
      readonly protocol: Protocol;
    }
  | {
      readonly type: "closed";
      readonly at: number;
      readonly id: number;
      readonly route: string;
      readonly protocol: Protocol;
      readonly initiator: StreamClose["initiator"];
      readonly code: number;
      readonly cause: CloseCause;
      readonly ageMs: number;
    }
  | {
      readonly type: "refused";
      readonly at: number;
      readonly route: string;
      readonly protocol: Protocol;
      readonly result: string;
      readonly status: number;
    }
  | { readonly type: "reloaded"; readonly at: number; readonly generation: number; readonly summary: string }
  | { readonly type: "draining"; readonly at: number }
  /** So many were left out, since they came faster than they were read. */
  | { readonly type: "missed"; readonly at: number; readonly count: number };

/** Sums of all streams and workers, for plots: counters grow, so that rates are differences. JSON. */
export interface Overview {
  readonly at: number;
  readonly version: string;
  readonly startedAt: number;
  readonly readiness: "starting" | "ready" | "draining";
  readonly generation: number;
  readonly workers: number;
  /** Numbers of the workers that did not answer in time: what they have is left out. */
  readonly silentWorkers: readonly number[];
  readonly open: number;
  readonly connections: { readonly h1: number; readonly h2: number };
  readonly opened: number;
  readonly closed: number;
  /** By what became of them. */
  readonly openings: Readonly<Record<string, number>>;
  /** By code and initiator, as `1001 client`. */
  readonly closes: Readonly<Record<string, number>>;
  readonly toUpstream: { readonly bytes: number; readonly messages: number };
  readonly toClient: { readonly bytes: number; readonly messages: number };
  /** Milliseconds of the openings that were accepted over the last minute; `null` where there was none. */
  readonly openingMs: { readonly p50: number | null; readonly p99: number | null };
  /** Of the last Ping that was answered on each stream that is open; `null` where there is none. */
  readonly pingMs: { readonly p50: number | null; readonly p99: number | null };
  readonly routes: readonly {
    readonly route: string;
    readonly upstream: string;
    readonly open: number;
    readonly opened: number;
    readonly bytes: number;
    readonly messages: number;
  }[];
}

/** Ends what was begun; a second call does nothing. */
export type Unsubscribe = () => void;

/** What the admin port asks: this process, or all workers together. */
export interface StreamsSource {
  list(query: StreamQuery): Promise<StreamPage>;
  /**
   * All that fit the query from `offset` on, whatever its `limit`, a few hundred at a time: as they are ranked now, and as they
   * are when their turn comes. Those that have ended by then are left out.
   */
  each(query: StreamQuery): AsyncIterable<readonly StreamView[]>;
  find(id: number): Promise<StreamView | undefined>;
  /**
   * Begins the closing handshake with `code`, which a Close may carry (`isSendable`). Returns whether there is such a stream,
   * even where it is closing already.
   */
  close(id: number, code: number): Promise<boolean>;
  overview(): Promise<Overview>;
  /** `listener` is told of each frame from now on; `onEnd` once, when the stream has ended. `undefined`: no such stream. */
  frames(
    id: number,
    options: { readonly preview: boolean },
    listener: (frame: FrameView) => void,
    onEnd: () => void,
  ): Promise<Unsubscribe | undefined>;
  /** `listener` is told of what happens from now on. A worker that ends by itself takes its streams along without a word. */
  events(listener: (event: GatewayEvent) => void): Unsubscribe;
}
