import { describeStream, fitsQuery, rankKey, type ShownBy } from "./describe-stream.ts";
import { EventFeed } from "./event-feed.ts";
import { FrameListeners } from "./frame-listeners.ts";
import { OpeningTally } from "./opening-tally.ts";
import type { OpeningResult } from "./opening-result.ts";
import { SeenStreams, type SeenStream } from "./seen-streams.ts";
import { countsOf } from "./sliding-histogram.ts";
import { StreamActivity } from "./stream-activity.ts";
import { StreamOrder } from "./stream-order.ts";
import { steadyNow, type Protocol, type StreamRegistry, type StreamTotals } from "./stream-registry.ts";
import type { FrameView, GatewayEvent, StreamQuery, StreamView, Unsubscribe } from "./stream-view.ts";
import type { BatchListener, OverviewPart, Ranking, StreamsMember } from "./streams-member.ts";
import { messagesOf } from "./traffic-sums.ts";

/** What a {@link LocalStreams} is made of. */
export interface LocalStreamsOptions {
  readonly streams: StreamRegistry;
  /** The number of this worker; 0 where one process serves alone. */
  readonly worker: number;
  /** Milliseconds since the epoch: the clock of the stream registry. */
  readonly now?: () => number;
}

/** An opening that became no stream; `route` is empty if none matched. */
export interface RefusedStream {
  readonly route: string;
  readonly protocol: Protocol;
  readonly result: OpeningResult;
  readonly status: number;
}

/** The live streams of this process, as operators see them and close them. */
export class LocalStreams implements StreamsMember {
  readonly worker: number;
  /** Who serves a stream adds it here. */
  readonly seen = new SeenStreams();
  readonly tally: OpeningTally;
  /** Whether the addresses of clients are shown. */
  showsClients = false;
  readonly #streams: StreamRegistry;
  readonly #activity: StreamActivity;
  readonly #events: EventFeed;
  /** Of the streams whose frames somebody looks at, by their ids. */
  readonly #frames = new Map<number, FrameListeners>();
  readonly #now: () => number;

  constructor({ streams, worker, now = steadyNow }: LocalStreamsOptions) {
    this.worker = worker;
    this.#streams = streams;
    this.#now = now;
    this.tally = new OpeningTally(now);
    this.#activity = new StreamActivity(streams, now);
    this.#events = new EventFeed(now);
    this.#tellStreams();
  }

  owns(): boolean {
    return true;
  }

  rank(query: StreamQuery): Promise<Ranking> {
    this.#activity.ask();
    const shownBy = this.#shownBy();
    const fitting: SeenStream[] = [];
    for (const stream of this.seen.all) if (fitsQuery(stream, query, shownBy)) fitting.push(stream);
    const keys = Float64Array.from(fitting, (stream) => rankKey(stream, query.order, shownBy));
    const ids = Float64Array.from(fitting, ({ record }) => record.id);
    const counts = { matching: fitting.length, open: this.seen.size };
    const wanted = query.offset + query.limit;
    if (wanted >= fitting.length) return Promise.resolve({ keys, ids, ...counts });
    const first = new StreamOrder({ keys, ids }, query.ascending).first(wanted);
    const take = (from: Float64Array) => Float64Array.from(first, (index) => from[index] ?? 0);
    return Promise.resolve({ keys: take(keys), ids: take(ids), ...counts });
  }

  views(ids: readonly number[]): Promise<readonly StreamView[]> {
    this.#activity.ask();
    const shownBy = this.#shownBy();
    return Promise.resolve(
      ids.flatMap((id) => {
        const stream = this.seen.get(id);
        return stream === undefined ? [] : [describeStream(stream, shownBy)];
      }),
    );
  }

  close(id: number, code: number): Promise<boolean> {
    const stream = this.seen.get(id);
    stream?.closeAs(code);
    return Promise.resolve(stream !== undefined);
  }

  overview(): Promise<OverviewPart> {
    const totals = this.#streams.totals();
    const sum = (of: (group: StreamTotals) => number): number => totals.reduce((all, group) => all + of(group), 0);
    const open = sum((group) => group.open);
    const opened = sum((group) => group.opened);
    return Promise.resolve({
      open,
      opened,
      closed: opened - open,
      connections: this.tally.connections,
      openings: this.tally.results,
      closes: closesOf(totals),
      toUpstream: { bytes: sum((g) => g.toUpstream.bytes), messages: sum((g) => messagesOf(g.toUpstream)) },
      toClient: { bytes: sum((g) => g.toClient.bytes), messages: sum((g) => messagesOf(g.toClient)) },
      routes: totals.map(routeSum),
      openingTimes: this.tally.times,
      pingTimes: countsOf([...this.#streams.live].flatMap(({ pingMs }) => pingMs ?? [])),
    });
  }

  frames(
    id: number,
    { preview }: { readonly preview: boolean },
    listener: BatchListener<FrameView>,
    onEnd: () => void,
  ): Promise<Unsubscribe | undefined> {
    const stream = this.seen.get(id);
    if (stream === undefined) return Promise.resolve(undefined);
    const frames = this.#frames.get(id) ?? new FrameListeners(stream, this.#now);
    this.#frames.set(id, frames);
    const end = frames.listen(preview, listener, onEnd);
    return Promise.resolve(() => {
      end();
      // A second call must not take those who look on since then.
      if (frames.isEmpty && this.#frames.get(id) === frames) this.#frames.delete(id);
    });
  }

  events(listener: BatchListener<GatewayEvent>): Unsubscribe {
    return this.#events.listen(listener);
  }

  /** An opening is over, after `seconds` where somebody knows that. */
  openingOver(opening: RefusedStream, seconds?: number): void {
    const { route, protocol, result, status } = opening;
    this.tally.over(result, seconds);
    if (result === "accepted" || !this.#events.isHeard) return;
    this.#events.tell({ type: "refused", at: this.#at(), route, protocol, result, status });
  }

  #shownBy(): ShownBy {
    const { worker, showsClients } = this;
    return { worker, showsClients, activity: this.#activity, now: this.#now() };
  }

  #at(): number {
    return Math.round(this.#now());
  }

  #tellStreams(): void {
    const events = this.#events;
    this.#streams.observe({
      opened: ({ id, route, protocol }, now) => {
        if (events.isHeard) events.tell({ type: "opened", at: Math.round(now), id, route, protocol });
      },
      closed: ({ id, route, protocol, openedAt }, { initiator, code, cause }, now) => {
        this.#frames.get(id)?.end();
        this.#frames.delete(id);
        if (!events.isHeard) return;
        const what = { id, route, protocol, initiator, code, cause };
        events.tell({ type: "closed", at: Math.round(now), ...what, ageMs: Math.round(now - openedAt) });
      },
    });
  }
}

function closesOf(totals: readonly StreamTotals[]): Record<string, number> {
  const closes: Record<string, number> = {};
  for (const { code, initiator, count } of totals.flatMap((group) => group.closes)) {
    const key = `${code} ${initiator}`;
    closes[key] = (closes[key] ?? 0) + count;
  }
  return closes;
}

function routeSum({ route, upstream, open, opened, toUpstream, toClient }: StreamTotals) {
  const bytes = toUpstream.bytes + toClient.bytes;
  return { route, upstream, open, opened, bytes, messages: messagesOf(toUpstream) + messagesOf(toClient) };
}
