import type { Exemplar, MetricFamily, MetricSample } from "./metric-samples.ts";

/** The two formats of a scrape: Prometheus' own, and OpenMetrics 1.0. */
export type ExpositionFormat = "prometheus" | "openmetrics";

/** A scrape as the admin port answers it. */
export interface Exposition {
  /** `Content-Type`. */
  readonly type: string;
  readonly body: string;
}

const ContentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The answer to a scrape whose `Accept` is `accept`: OpenMetrics where that is asked for, and not with `q=0`. */
export function exposition(families: readonly MetricFamily[], accept: string | undefined): Exposition {
  const format = formatFor(accept);
  return { type: ContentTypes[format], body: expositionText(families, format) };
}

/** Which format `accept` asks for; Prometheus' own where it says nothing of either. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  const ranges = (accept ?? "").toLowerCase().split(",");
  const range = ranges.find((one) => one.split(";", 1)[0]?.trim() === "application/openmetrics-text");
  return range === undefined || /;\s*q=0(\.0*)?\s*(;|$)/.test(range) ? "prometheus" : "openmetrics";
}

/** `families` as text, in their order. */
export function expositionText(families: readonly MetricFamily[], format: ExpositionFormat): string {
  const lines = families.flatMap((family) => linesOf(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function linesOf({ name, help, type, values }: MetricFamily, format: ExpositionFormat): string[] {
  // OpenMetrics names a counter without the ending that its samples have.
  const family = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  const lines = [`# HELP ${family} ${escaped(help, format === "openmetrics")}`, `# TYPE ${family} ${type}`];
  for (const sample of values) {
    const line = lineOf(name, sample);
    const { exemplar } = sample;
    lines.push(format === "openmetrics" && exemplar ? line + exemplarText(exemplar) : line);
  }
  return lines;
}

function lineOf(name: string, { metricName, labels, value }: MetricSample): string {
  let pairs = "";
  for (const label in labels) {
    pairs += `${pairs === "" ? "" : ","}${label}="${escaped(String(labels[label]), true)}"`;
  }
  return `${metricName ?? name}${pairs === "" ? "" : `{${pairs}}`} ${numberText(value)}`;
}

function exemplarText({ traceId, value, at }: Exemplar): string {
  return ` # {trace_id="${traceId}"} ${numberText(value)} ${numberText(at / 1_000)}`;
}

function escaped(text: string, quotes: boolean): string {
  if (!/[\\\n"]/.test(text)) return text;
  const lines = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quotes ? lines.replaceAll('"', '\\"') : lines;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
