import type { Exemplar, MetricFamily, MetricSample } from "./metric-samples.ts";

/** What a histogram tells: how many values lie between two edges each, and their sum. */
export interface Distribution {
  /** At the place of an edge how many are at most that and more than the edge before it; then those beyond all edges. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By the place of the count that they are in: the last of each. */
  readonly exemplars?: ReadonlyMap<number, Exemplar> | undefined;
}

/** A {@link Distribution} that grows by additions alone: prom-client's own would build a key for each value. */
export class Observations implements Distribution {
  readonly #edges: readonly number[];
  readonly counts: number[];
  sum = 0;
  #exemplars: Map<number, Exemplar> | undefined;

  /** @param edges - in ascending order. */
  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.counts = Array.from({ length: edges.length + 1 }, () => 0);
  }

  get exemplars(): ReadonlyMap<number, Exemplar> | undefined {
    return this.#exemplars;
  }

  /** Counts `value`, which belongs to the trace `traceId`, where that was sampled. */
  observe(value: number, traceId?: string): void {
    const edges = this.#edges;
    let place = 0;
    while (place < edges.length && value > edges[place]!) place++;
    this.counts[place]!++;
    this.sum += value;
    if (traceId !== undefined) (this.#exemplars ??= new Map()).set(place, { traceId, value, at: Date.now() });
  }
}

/** The distribution of one set of labels. */
export interface DistributionSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly distribution: Distribution;
}

/** What a histogram family is called, and its edges, in ascending order and in the unit that the name ends with. */
export interface HistogramFacts {
  readonly name: string;
  readonly help: string;
  readonly edges: readonly number[];
}

/** The histogram of `series` as prom-client would give it: its values are of the moment of this call. */
export function histogramFamily(facts: HistogramFacts, series: Iterable<DistributionSeries>): MetricFamily {
  const { name, help } = facts;
  return { name, help, type: "histogram", values: Array.from(series, (one) => samplesOf(facts, one)).flat() };
}

function samplesOf({ name, edges }: HistogramFacts, { labels, distribution }: DistributionSeries): MetricSample[] {
  let upTo = 0;
  const buckets = [...edges, "+Inf"].map((le, place): MetricSample => {
    upTo += distribution.counts[place] ?? 0;
    const sample = { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo };
    const exemplar = distribution.exemplars?.get(place);
    return exemplar === undefined ? sample : { ...sample, exemplar };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: distribution.sum },
    { metricName: `${name}_count`, labels, value: upTo },
  ];
}

/** The sum of several of the same edges. */
export function summedDistribution(parts: readonly Distribution[]): Distribution {
  const [first = { counts: [] }] = parts;
  return {
    counts: first.counts.map((_, place) => parts.reduce((sum, { counts }) => sum + (counts[place] ?? 0), 0)),
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
  };
}
