import type { MetricFamily, MetricSample } from "./metric-samples.ts";

/** Families of hawser's own are summed; those of a process say in a label whose they are. */
const OwnPrefix = "hawser_";
/** The value of that label for the process that asks the workers. */
const Primary = "primary";
/** Labels whose values come and go with the config. */
const ConfigLabels = ["route", "upstream", "listener"];

/**
 * The numbers of several processes as one page. What a worker has counted is not lost with it: its counters, as they were
 * reported last, stay in the sum, or Prometheus would take a sum that falls for a new start of all.
 */
export class MetricsSum {
  readonly #reported = new Map<number, MetricFamily[]>();
  #ended: MetricFamily[] = [];

  /** The numbers of `worker` are `families` from now on. */
  report(worker: number, families: readonly MetricFamily[]): void {
    this.#reported.set(worker, labelled(String(worker), families));
  }

  /** `worker` is gone: its gauges count no more. */
  ended(worker: number): void {
    const last = this.#reported.get(worker) ?? [];
    const routes = namesIn([...this.#reported.values()].flat());
    this.#reported.delete(worker);
    const kept = this.#ended.map((family) => ({
      ...family,
      values: family.values.filter(({ labels }) => ConfigLabels.every((label) => isKnown(labels[label], routes))),
    }));
    this.#ended = summed([...kept, ...last.filter(isCount)]);
  }

  /** What the workers have reported last, with `own` of this process. */
  families(own: readonly MetricFamily[]): MetricFamily[] {
    return summed([...labelled(Primary, own), ...this.#ended, ...[...this.#reported.values()].flat()]);
  }
}

function labelled(worker: string, families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    if (family.name.startsWith(OwnPrefix)) return family;
    return { ...family, values: family.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })) };
  });
}

/** Whether the family is a counter or a histogram of hawser's. */
function isCount({ name, type }: MetricFamily): boolean {
  return name.startsWith(OwnPrefix) && (type === "counter" || type === "histogram");
}

function namesIn(families: readonly MetricFamily[]): ReadonlySet<unknown> {
  return new Set(
    families.flatMap(({ values }) => values.flatMap(({ labels }) => ConfigLabels.map((label) => labels[label]))),
  );
}

/** Where no worker has told any name yet, each may be one. */
function isKnown(name: unknown, known: ReadonlySet<unknown>): boolean {
  return name === undefined || known.size === 0 || known.has(name);
}

/** One family of each name, one value of each series. What is information, 1 everywhere, stays 1. */
function summed(families: readonly MetricFamily[]): MetricFamily[] {
  const byName = Map.groupBy(families, ({ name }) => name);
  return Array.from(byName.values(), (same) => {
    const series = new Map<string, MetricSample>();
    for (const value of same.flatMap(({ values }) => values)) {
      const key = seriesKey(value);
      const before = series.get(key);
      const isInfo = same[0]?.name.endsWith("_info") ?? false;
      series.set(key, before === undefined || isInfo ? value : added(before, value));
    }
    return { ...same[0]!, values: [...series.values()] };
  });
}

function added(one: MetricSample, other: MetricSample): MetricSample {
  const sum = { ...one, value: one.value + other.value };
  const exemplar = newest(one.exemplar, other.exemplar);
  return exemplar ? { ...sum, exemplar } : sum;
}

function newest(one: MetricSample["exemplar"], other: MetricSample["exemplar"]): MetricSample["exemplar"] {
  if (!one || !other) return one ?? other;
  return other.at > one.at ? other : one;
}

function seriesKey({ metricName, labels }: MetricSample): string {
  return JSON.stringify([metricName, Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))]);
}
