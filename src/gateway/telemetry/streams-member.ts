import type { FrameView, GatewayEvent, Overview, StreamQuery, StreamView, Unsubscribe } from "./stream-view.ts";
import type { RankedKeys } from "./stream-order.ts";

/** Streams that fit a query, of which the first are ranked. */
export interface Ranking extends RankedKeys {
  /** How many fit. */
  readonly matching: number;
  /** How many are open. */
  readonly open: number;
}

/** What one process adds to an {@link Overview}. */
export interface OverviewPart extends Pick<
  Overview,
  "open" | "connections" | "opened" | "closed" | "openings" | "closes" | "toUpstream" | "toClient" | "routes"
> {
  /** Of openings over the last minute, and of the Pings answered last: counts for `quantileOf`. */
  readonly openingTimes: readonly number[];
  readonly pingTimes: readonly number[];
}

/** Told of some at a time. Must not throw, nor reject: until what it returns resolves, what comes waits, within bounds. */
export type BatchListener<Item> = (items: readonly Item[]) => void | Promise<void>;

/** The live streams of one process. What would be asked of a worker that does not answer in time is `undefined`. */
export interface StreamsMember {
  /** 0 where it serves alone. */
  readonly worker: number;
  /** Whether a stream with this id would be here. */
  owns(id: number): boolean;
  /** Ranks those that fit: the first `offset + limit`, in no order among themselves, are the ones that a sort would begin with. */
  rank(query: StreamQuery): Promise<Ranking | undefined>;
  /** Those of `ids` that are open, in that order. */
  views(ids: readonly number[]): Promise<readonly StreamView[] | undefined>;
  /** As `StreamsSource.close`. */
  close(id: number, code: number): Promise<boolean>;
  overview(): Promise<OverviewPart | undefined>;
  /** As `StreamsSource.frames`, some at a time. */
  frames(
    id: number,
    options: { readonly preview: boolean },
    listener: BatchListener<FrameView>,
    onEnd: () => void,
  ): Promise<Unsubscribe | undefined>;
  /** As `StreamsSource.events`, some at a time. */
  events(listener: BatchListener<GatewayEvent>): Unsubscribe;
}
