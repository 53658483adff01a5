/** A question to Prometheus, and what its answer is called. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

/** The text of a panel's information mark: somebody reads it at three in the morning. */
export interface Guide {
  readonly title: string;
  /** What is drawn. */
  readonly shows: string;
  /** How it looks when all is well. */
  readonly good: string;
  /** What to do when it does not. */
  readonly act: string;
}

/** Units by Grafana's ids, as far as they are used. */
export type Unit = "short" | "percentunit" | "s" | "bytes" | "Bps" | "ops" | "cps" | "none";

/** Where green ends and where orange ends; a fall is bad where `warning` is above `critical`. */
export interface Thresholds {
  readonly warning: number;
  readonly critical: number;
}

interface Placed extends Guide {
  /** Of 24 columns. The panels of a row fill its lines. */
  readonly width: number;
  /** 4 for one number and 8 for the rest, unless told. */
  readonly height?: number;
  readonly unit: Unit;
  readonly thresholds?: Thresholds;
  readonly decimals?: number;
}

/** Lines over time. */
export interface SeriesPanel extends Placed {
  readonly kind: "series";
  readonly queries: readonly Query[];
  /** Whether the areas stand on each other: where their sum says something. */
  readonly stacked?: boolean;
  /** Upper end of the axis, for shares. */
  readonly max?: number;
}

/** One number, the latest. */
export interface StatPanel extends Placed {
  readonly kind: "stat";
  readonly query: Query;
}

/** The buckets of a histogram over time. */
export interface HeatmapPanel extends Placed {
  readonly kind: "heatmap";
  /** Sums of bucket rates by `le`. */
  readonly expr: string;
}

/** One line per pod, one column per query. */
export interface TablePanel extends Placed {
  readonly kind: "table";
  readonly columns: readonly { readonly title: string; readonly expr: string; readonly unit: Unit }[];
}

/** Words. */
export interface TextPanel {
  readonly kind: "text";
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly markdown: string;
}

export type PanelSpec = SeriesPanel | StatPanel | HeatmapPanel | TablePanel | TextPanel;

/** A headline with the panels below it. */
export interface RowSpec {
  readonly title: string;
  /**
   * Panels have ids from 100 times this on. Rows leave numbers free between them: one that comes later takes one of those, and no
   * link to a panel breaks.
   */
  readonly number: number;
  readonly panels: readonly PanelSpec[];
}

/** A dashboard, before it is Grafana's. */
export interface DashboardSpec {
  /** Also the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** What one may choose above the panels, beside data source and gateway. */
  readonly filters: readonly FilterName[];
  /** What one writes there, with the value it has at first. */
  readonly inputs?: readonly { readonly name: string; readonly label: string; readonly value: string }[];
  readonly rows: readonly RowSpec[];
}

/** Labels of the gateway's own that a dashboard may be narrowed to. */
export type FilterName = "route" | "upstream" | "protocol";
