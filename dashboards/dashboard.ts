import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type RowPanel,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardSpec, FilterName, RowSpec } from "./panel-spec.ts";
import { heightOf, panelOf } from "./panel.ts";
import { Gateway } from "./promql.ts";

const Columns = 24;
/** By which each dashboard lists the others. */
const Tag = "hawser";

/** The builder of links would put this into a menu. */
const ToTheOthers: DashboardLink = {
  title: "hawser",
  type: DashboardLinkType.Dashboards,
  tags: [Tag],
  icon: "external link",
  tooltip: "The other dashboards, for the same gateways and time",
  asDropdown: false,
  targetBlank: false,
  includeVars: true,
  keepTime: true,
};

/** Where the values of a filter come from. */
const FilterSources: Readonly<Record<FilterName, { readonly label: string; readonly metric: string }>> = {
  route: { label: "Route", metric: "hawser_openings_total" },
  upstream: { label: "Upstream", metric: "hawser_streams_opened_total" },
  protocol: { label: "HTTP version", metric: "hawser_openings_total" },
};

/** The dashboard that `spec` describes, as Grafana stores it. @throws Error on a row that leaves a hole. */
export function dashboardOf(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([Tag])
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(
      new DatasourceVariableBuilder("datasource")
        .label("Data source")
        .type("prometheus")
        .includeAll(false)
        .multi(false),
    );
  for (const variable of gatewayVariables()) builder.withVariable(variable);
  for (const name of spec.filters) {
    const { label, metric } = FilterSources[name];
    builder.withVariable(queryVariable(name, label, `${metric}{${Gateway}}`).allValue(".*"));
  }
  for (const { name, label, value } of spec.inputs ?? []) {
    builder.withVariable(
      new TextBoxVariableBuilder(name).label(label).defaultValue(value).current({ selected: true, text: value, value }),
    );
  }
  return { ...builder.build(), links: [ToTheOthers], panels: placed(spec.rows) };
}

/** Each narrows the next. All jobs are listed by name, since numbers of a process are the same in jobs that are no gateways. */
function gatewayVariables(): QueryVariableBuilder[] {
  return [
    queryVariable("job", "Job", "hawser_build_info"),
    queryVariable("namespace", "Namespace", 'hawser_build_info{job=~"$job"}').allValue(".*"),
    queryVariable("pod", "Pod", 'hawser_build_info{job=~"$job",namespace=~"$namespace"}').allValue(".*"),
    queryVariable(
      "instance",
      "Instance",
      'hawser_build_info{job=~"$job",namespace=~"$namespace",pod=~"$pod"}',
    ).allValue(".*"),
  ];
}

function queryVariable(name: string, label: string, series: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource({ type: "prometheus", uid: "${datasource}" })
    .query({ query: `label_values(${series}, ${name})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .includeAll(true)
    .multi(true)
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

function placed(rows: readonly RowSpec[]): (Panel | RowPanel)[] {
  const panels: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const row of rows) {
    const headline = { h: 1, w: Columns, x: 0, y };
    panels.push(
      new RowBuilder(row.title)
        .id(row.number * 100)
        .gridPos(headline)
        .build(),
    );
    y += headline.h;
    let x = 0;
    for (const [at, panel] of row.panels.entries()) {
      const h = heightOf(panel);
      panels.push(panelOf(panel, row.number * 100 + at + 1, { h, w: panel.width, x, y }));
      x += panel.width;
      if (x > Columns) throw new Error(`"${panel.title}" is wider than what is left of its line`);
      if (x < Columns) continue;
      x = 0;
      y += h;
    }
    if (x !== 0) throw new Error(`the last line of "${row.title}" has a hole`);
  }
  return panels;
}
