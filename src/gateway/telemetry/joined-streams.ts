import { setImmediate as nextTurn } from "node:timers/promises";
import { addCounts, quantileOf } from "./sliding-histogram.ts";
import { EventFeed } from "./event-feed.ts";
import { StreamOrder } from "./stream-order.ts";
import { steadyNow } from "./stream-registry.ts";
import type {
  FrameView,
  GatewayEvent,
  Overview,
  StreamPage,
  StreamQuery,
  StreamsSource,
  StreamView,
  Unsubscribe,
} from "./stream-view.ts";
import type { OverviewPart, Ranking, StreamsMember } from "./streams-member.ts";

/** How many streams are described at a time where all are asked for. */
const SliceStreams = 250;
const MaxPageStreams = 1_000;

/** What an overview says of the gateway itself. */
export type GatewayFacts = Pick<Overview, "version" | "startedAt" | "readiness" | "generation">;

/** The live streams of all processes as one. */
export class JoinedStreams implements StreamsSource {
  readonly #members: readonly StreamsMember[];
  readonly #facts: () => GatewayFacts;
  readonly #now: () => number;
  readonly #own: EventFeed;

  /** @param now - milliseconds since the epoch. */
  constructor(members: readonly StreamsMember[], facts: () => GatewayFacts, now: () => number = steadyNow) {
    this.#members = members;
    this.#facts = facts;
    this.#now = now;
    this.#own = new EventFeed(now);
  }

  /** Tells of what happens to the gateway as a whole. */
  tell(event: Extract<GatewayEvent, { type: "reloaded" | "draining" }>): void {
    this.#own.tell(event);
  }

  async list(query: StreamQuery): Promise<StreamPage> {
    const limit = Math.min(query.limit, MaxPageStreams);
    const { idsAt, matching, open, silentWorkers } = await this.#rank({ ...query, limit });
    const ids = idsAt(query.offset, query.offset + limit);
    return { streams: await this.#views(ids), matching, open, silentWorkers };
  }

  async *each(query: StreamQuery): AsyncGenerator<readonly StreamView[], void, undefined> {
    const { idsAt, matching } = await this.#rank({ ...query, limit: Number.MAX_SAFE_INTEGER - query.offset });
    for (let at = query.offset; at < matching; at += SliceStreams) {
      yield await this.#views(idsAt(at, at + SliceStreams));
      // Where who takes them never waits, others have their turn in between.
      await nextTurn();
    }
  }

  async find(id: number): Promise<StreamView | undefined> {
    const [view] = await this.#views([id]);
    return view;
  }

  async close(id: number, code: number): Promise<boolean> {
    return (await this.#owner(id)?.close(id, code)) ?? false;
  }

  async overview(): Promise<Overview> {
    const answers = await Promise.all(this.#members.map((member) => member.overview()));
    const parts = answers.filter((part) => part !== undefined);
    return {
      at: Math.round(this.#now()),
      ...this.#facts(),
      workers: this.#members.length,
      silentWorkers: this.#silent(answers),
      ...joinParts(parts),
    };
  }

  async frames(
    id: number,
    options: { readonly preview: boolean },
    listener: (frame: FrameView) => void,
    onEnd: () => void,
  ): Promise<Unsubscribe | undefined> {
    return await this.#owner(id)?.frames(id, options, (frames) => frames.forEach(listener), onEnd);
  }

  events(listener: (event: GatewayEvent) => void): Unsubscribe {
    const tellEach = (events: readonly GatewayEvent[]): void => events.forEach(listener);
    const ends = [this.#own.listen(tellEach), ...this.#members.map((member) => member.events(tellEach))];
    return () => {
      for (const end of ends) end();
    };
  }

  #owner(id: number): StreamsMember | undefined {
    return this.#members.find((member) => member.owns(id));
  }

  #silent(answers: readonly unknown[]): number[] {
    return this.#members.flatMap(({ worker }, at) => (answers[at] === undefined ? [worker] : []));
  }

  /** `idsAt` tells the ids at some places, each time behind those before. */
  async #rank(query: StreamQuery) {
    const answers = await Promise.all(this.#members.map((member) => member.rank(query)));
    const all = joinRankings(answers.filter((ranking) => ranking !== undefined));
    const order = new StreamOrder(all, query.ascending);
    const idsAt = (from: number, to: number): number[] =>
      Array.from(order.part(from, Math.min(to, all.ids.length)), (index) => all.ids[index] ?? 0);
    return { idsAt, matching: all.matching, open: all.open, silentWorkers: this.#silent(answers) };
  }

  /** Those that are open still, in that order. */
  async #views(ids: readonly number[]): Promise<StreamView[]> {
    const answers = await Promise.all(
      this.#members.map(async (member) => {
        const own = ids.filter((id) => member.owns(id));
        return own.length === 0 ? [] : ((await member.views(own)) ?? []);
      }),
    );
    const byId = new Map(answers.flat().map((view) => [view.id, view]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}

function joinRankings(rankings: readonly Ranking[]): Ranking {
  const [only] = rankings;
  if (only !== undefined && rankings.length === 1) return only;
  const length = rankings.reduce((sum, { ids }) => sum + ids.length, 0);
  const all = { keys: new Float64Array(length), ids: new Float64Array(length), matching: 0, open: 0 };
  let at = 0;
  for (const { keys, ids, matching, open } of rankings) {
    all.keys.set(keys, at);
    all.ids.set(ids, at);
    at += ids.length;
    all.matching += matching;
    all.open += open;
  }
  return all;
}

type Joined = Omit<Overview, keyof GatewayFacts | "at" | "workers" | "silentWorkers">;

function joinParts(parts: readonly OverviewPart[]): Joined {
  const sum = (of: (part: OverviewPart) => number): number => parts.reduce((all, part) => all + of(part), 0);
  const quantiles = (counts: readonly number[]) => ({ p50: quantileOf(counts, 0.5), p99: quantileOf(counts, 0.99) });
  return {
    open: sum(({ open }) => open),
    connections: { h1: sum(({ connections }) => connections.h1), h2: sum(({ connections }) => connections.h2) },
    opened: sum(({ opened }) => opened),
    closed: sum(({ closed }) => closed),
    openings: addRecords(parts.map(({ openings }) => openings)),
    closes: addRecords(parts.map(({ closes }) => closes)),
    toUpstream: {
      bytes: sum(({ toUpstream }) => toUpstream.bytes),
      messages: sum(({ toUpstream }) => toUpstream.messages),
    },
    toClient: { bytes: sum(({ toClient }) => toClient.bytes), messages: sum(({ toClient }) => toClient.messages) },
    openingMs: quantiles(addCounts(parts.map(({ openingTimes }) => openingTimes))),
    pingMs: quantiles(addCounts(parts.map(({ pingTimes }) => pingTimes))),
    routes: joinRoutes(parts.flatMap(({ routes }) => routes)),
  };
}

function addRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const record of records) for (const [key, count] of Object.entries(record)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

/** Those of the same route and upstream as one. */
function joinRoutes(routes: Overview["routes"]): Overview["routes"] {
  const sums = new Map<string, Overview["routes"][number]>();
  for (const one of routes) {
    const key = JSON.stringify([one.route, one.upstream]);
    const before = sums.get(key);
    const { open = 0, opened = 0, bytes = 0, messages = 0 } = before ?? {};
    sums.set(key, {
      route: one.route,
      upstream: one.upstream,
      open: open + one.open,
      opened: opened + one.opened,
      bytes: bytes + one.bytes,
      messages: messages + one.messages,
    });
  }
  return [...sums.values()];
}
