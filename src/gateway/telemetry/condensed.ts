import type { MetricFamily, MetricSample } from "./metric-samples.ts";

/** With more routes or upstreams than that a page is condensed: it would have more series than a scrape should cost. */
export const MaxDetailed = 16;

/** Labels whose values are names of the config that there may be many of. */
const NameLabels = ["route", "upstream"] as const;
/** Stands for all names in the histograms of a condensed page. */
const Others = "other";
/** No name, but said where there is none. */
const None = "none";
/** Labels that say what became of something: most of their values never come. */
const OutcomeLabels = ["result", "rule"] as const;
/** What is told from the beginning, come or not. */
const Usual: ReadonlySet<unknown> = new Set(["accepted", "answered"]);

/**
 * `families` with fewer series: the histograms of all routes and upstreams are one, and what never came of anything is left
 * out. No counter falls by that, however often it is done: the sums are the same, and who is not 0 once never is again.
 */
export function condensed(families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    const { type, values } = family;
    if (type === "histogram") return { ...family, values: withoutNames(values) };
    return type === "counter" ? { ...family, values: values.filter(hasCome) } : family;
  });
}

function hasCome({ labels, value }: MetricSample): boolean {
  const outcome = OutcomeLabels.map((label) => labels[label]).find((one) => one !== undefined);
  const isNamed = NameLabels.some((label) => labels[label] !== undefined);
  return value !== 0 || outcome === undefined || !isNamed || Usual.has(outcome);
}

function withoutNames(values: readonly MetricSample[]): MetricSample[] {
  const sums = new Map<string, MetricSample>();
  for (const sample of values) {
    const labels = { ...sample.labels };
    for (const name of NameLabels) if (name in labels && labels[name] !== None) labels[name] = Others;
    const key = `${sample.metricName} ${Object.values(labels).join(" ")}`;
    const value = sample.value + (sums.get(key)?.value ?? 0);
    sums.set(key, { ...sample, labels, value });
  }
  return [...sums.values()];
}
