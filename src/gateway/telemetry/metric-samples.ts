/** One value of a metric family. A histogram has several names. */
export interface MetricSample {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
}

/** A metric family with its values, as plain data: prom-client makes the same. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  /** `counter`, `gauge` or `histogram`; not a number, as the declarations of prom-client have it. */
  readonly type: string | number;
  readonly values: readonly MetricSample[];
}
