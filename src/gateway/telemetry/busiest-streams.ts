import type { StreamsSource, StreamView } from "./stream-view.ts";

/** By so much another stream has to be busier than one that was picked before to take its place. */
const Advantage = 1.5;

/**
 * Picks the streams that are busiest now. One that was picked stays as long as it is nearly as busy as the others, so that
 * series of them do not begin and end with each scrape.
 */
export class BusiestStreams {
  readonly #source: Pick<StreamsSource, "list">;
  #picked: ReadonlySet<number> = new Set();

  constructor(source: Pick<StreamsSource, "list">) {
    this.#source = source;
  }

  /** `count` of them, in the order of their ids; all, where there are fewer. */
  async pick(count: number): Promise<readonly StreamView[]> {
    if (count === 0) return [];
    const scoreOf = (stream: StreamView): number => rateOf(stream) * (this.#picked.has(stream.id) ? Advantage : 1);
    const picked = (await this.#candidates(2 * count))
      .toSorted((a, b) => scoreOf(b) - scoreOf(a) || this.#place(a) - this.#place(b))
      .slice(0, count)
      .toSorted((a, b) => a.id - b.id);
    this.#picked = new Set(picked.map(({ id }) => id));
    return picked;
  }

  /** Of streams that are as busy, mostly not at all, those that were picked come first, and then the oldest. */
  #place({ id }: StreamView): number {
    return this.#picked.has(id) ? id - Number.MAX_SAFE_INTEGER : id;
  }

  async #candidates(limit: number): Promise<readonly StreamView[]> {
    const everything = { route: undefined, upstream: undefined, protocol: undefined, search: undefined } as const;
    const { streams } = await this.#source.list({ ...everything, order: "rate", ascending: false, offset: 0, limit });
    return streams;
  }
}

function rateOf({ toUpstream, toClient }: StreamView): number {
  return toUpstream.bytesPerSecond + toClient.bytesPerSecond;
}
