/** One value of a metric family. A histogram has several names. */
export interface MetricSample {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly metricName?: string;
  /** Of a bucket alone, and told in OpenMetrics alone. prom-client says `null` for none. */
  readonly exemplar?: Exemplar | null | undefined;
}

/** One of the values that were counted, and the trace in which it can be looked at. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A metric family with its values, as plain data: prom-client makes the same. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  /** `counter`, `gauge` or `histogram`; not a number, as the declarations of prom-client have it. */
  readonly type: string | number;
  readonly values: readonly MetricSample[];
}
