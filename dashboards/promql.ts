/** Whose numbers are shown: what Prometheus knows of a scraped gateway. Outside Kubernetes namespace and pod are empty, which `.*` takes. */
export const Gateway = 'job=~"$job",namespace=~"$namespace",pod=~"$pod",instance=~"$instance"';

/** What is counted per route, whatever the upstream. */
export const Route = `${Gateway},route=~"$route",protocol=~"$protocol"`;

/** What is counted per route, whatever upstream and protocol. */
export const AnyProtocol = `${Gateway},route=~"$route"`;

/** What is counted per stream. */
export const Stream = `${Route},upstream=~"$upstream"`;

/**
 * The busiest streams, from `/metrics/streams`. Prometheus scrapes that page by a job of its own, since two pages of one job and
 * instance would be taken for one target.
 */
export const BusyStream = Stream.replace('job=~"$job",', "");

/** What is counted per upstream. */
export const Upstream = `${Gateway},upstream=~"$upstream"`;

/** One scraped process, or the workers behind one port. */
export const PerPod = "namespace, pod, instance";

/** How a pod is called in legends, with and without Kubernetes. */
export const PodLegend = "{{pod}} {{instance}}";

/** Of a counter: what it grows by in a second, per series. `more` are further label matchers. */
export function rate(counter: string, selector: string, more = ""): string {
  return `rate(${counter}{${joined(selector, more)}}[$__rate_interval])`;
}

/** Of a counter: what it grows by in a second, in sum. `by` are label names; none is one number for all. */
export function sumRate(counter: string, selector: string, by = "", more = ""): string {
  return sumOf(rate(counter, selector, more), by);
}

/** The sum of `expression`. `by` are label names; none is one number for all. */
export function sumOf(expression: string, by = ""): string {
  return by === "" ? `sum(${expression})` : `sum by (${by}) (${expression})`;
}

/** Of a histogram without `_bucket`: its quantile within the interval of the panel. `by` are label names. */
export function quantile(q: number, histogram: string, selector: string, by = "", more = ""): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${q}, ${sumRate(`${histogram}_bucket`, selector, labels, more)})`;
}

/** The part that what is counted with the matchers `more` has in all that is counted; nothing where nothing is. */
export function share(counter: string, selector: string, more: string, by = ""): string {
  return `${sumRate(counter, selector, by, more)} / (${sumRate(counter, selector, by)} > 0)`;
}

function joined(selector: string, more: string): string {
  return more === "" ? selector : `${selector},${more}`;
}
