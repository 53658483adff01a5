import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/**
 * A counter in `registry`. `name` ends in `_total` and names its unit before that.
 *
 * @param collect - called by each scrape before it reads the value.
 */
export function counterOf<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
  collect: () => void = () => undefined,
): Counter<Label> {
  return new Counter({ name, help, labelNames, registers: [registry], collect });
}

/** A gauge in `registry`; `collect` is called by each scrape before it reads the value. */
export function gaugeOf<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
  collect: () => void = () => undefined,
): Gauge<Label> {
  return new Gauge({ name, help, labelNames, registers: [registry], collect });
}

/** A histogram in `registry`; `buckets` are upper edges in the unit that `name` ends with. */
export function histogramOf<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
  buckets: readonly number[],
): Histogram<Label> {
  return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] });
}

/** A word of a closed union as a label value: `close-frame` in code and log is `close_frame` in every label. */
export function labelValue(word: string): string {
  return word.replaceAll("-", "_");
}
