import { PanelBuilder as Heatmap, HeatmapColorOptionsBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as Text, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { PanelBuilder as Series } from "@grafana/grafana-foundation-sdk/timeseries";
import {
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  type DataSourceRef,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type GridPos,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import type {
  Guide,
  HeatmapPanel,
  PanelSpec,
  SeriesPanel,
  StatPanel,
  TablePanel,
  TextPanel,
  Thresholds,
} from "./panel-spec.ts";

const DataSource: DataSourceRef = { type: "prometheus", uid: "${datasource}" };

/** Lines of Grafana's grid, of some 30 pixels. */
const StatHeight = 4;
const GraphHeight = 8;

/** How many lines of the grid a panel takes. */
export function heightOf(spec: PanelSpec): number {
  return spec.height ?? (spec.kind === "stat" ? StatHeight : GraphHeight);
}

/** The panel that `spec` describes, at `place`. */
export function panelOf(spec: PanelSpec, id: number, place: GridPos): Panel {
  return builderOf(spec).id(id).gridPos(place).build();
}

function builderOf(spec: PanelSpec): Series | Stat | Heatmap | Table | Text {
  switch (spec.kind) {
    case "series":
      return seriesOf(spec);
    case "stat":
      return statOf(spec);
    case "heatmap":
      return heatmapOf(spec);
    case "table":
      return tableOf(spec);
    default:
      return textOf(spec);
  }
}

function seriesOf(spec: SeriesPanel): Series {
  const panel = new Series()
    .title(spec.title)
    .description(describe(spec))
    .datasource(DataSource)
    .unit(spec.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(spec.stacked === true ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(
      spec.queries.map(({ expr, legend }, at) =>
        target(expr, at)
          .legendFormat(legend ?? "")
          .range(),
      ),
    );
  if (spec.stacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (spec.max !== undefined) panel.max(spec.max);
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  if (spec.thresholds !== undefined) {
    panel.thresholds(thresholdsOf(spec.thresholds));
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return panel;
}

function statOf(spec: StatPanel): Stat {
  const panel = new Stat()
    .title(spec.title)
    .description(describe(spec))
    .datasource(DataSource)
    .unit(spec.unit)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .targets([
      target(spec.query.expr, 0)
        .legendFormat(spec.query.legend ?? "")
        .range(),
    ])
    .thresholds(thresholdsOf(spec.thresholds));
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  return panel;
}

function heatmapOf(spec: HeatmapPanel): Heatmap {
  return new Heatmap()
    .title(spec.title)
    .description(describe(spec))
    .datasource(DataSource)
    .unit(spec.unit)
    .calculate(false)
    .color(new HeatmapColorOptionsBuilder().scheme("Blues").steps(64).exponent(0.5).fill("blue").reverse(false))
    .targets([target(spec.expr, 0).legendFormat("{{le}}").format(PromQueryFormat.Heatmap).range()]);
}

function tableOf(spec: TablePanel): Table {
  const panel = new Table()
    .title(spec.title)
    .description(describe(spec))
    .datasource(DataSource)
    .unit(spec.unit)
    .targets(spec.columns.map(({ expr }, at) => target(expr, at).format(PromQueryFormat.Table).instant()))
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({
      id: "organize",
      options: {
        excludeByName: { Time: true },
        renameByName: Object.fromEntries(spec.columns.map(({ title }, at) => [`Value #${refId(at)}`, title])),
      },
    });
  for (const { title, unit } of spec.columns) panel.overrideByName(title, [{ id: "unit", value: unit }]);
  return panel;
}

function textOf(spec: TextPanel): Text {
  return new Text().title(spec.title).mode(TextMode.Markdown).content(spec.markdown);
}

function target(expr: string, at: number): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DataSource).refId(refId(at)).expr(expr);
}

function refId(at: number): string {
  return String.fromCharCode("A".charCodeAt(0) + at);
}

function describe({ shows, good, act }: Guide): string {
  return `${shows}\n\n**Good:** ${good}\n\n**If not:** ${act}`;
}

function thresholdsOf(thresholds: Thresholds | undefined): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(thresholds));
}

/** From the lowest value on; where a fall is bad, red comes first. */
function stepsOf(thresholds: Thresholds | undefined): Threshold[] {
  if (thresholds === undefined) return [{ value: null, color: "blue" }];
  const { warning, critical } = thresholds;
  const isFallBad = warning > critical;
  if (isFallBad) {
    return [
      { value: null, color: "red" },
      { value: critical, color: "orange" },
      { value: warning, color: "green" },
    ];
  }
  return [
    { value: null, color: "green" },
    { value: warning, color: "orange" },
    { value: critical, color: "red" },
  ];
}
