import type { Spread } from "./ratios.ts";
import { rowsOf, type Row, type ScenarioResult } from "./results.ts";

const None = "–";

/** What there is to say of each gateway in each scenario, the head first: cells of equal number. */
export function tableOf(results: readonly ScenarioResult[], base: string): readonly (readonly string[])[] {
  const head = ["", "gateway", "cost", `÷ ${base}`, "hawser ÷ it", "per second", "p50 ms", "p99 ms", "core"];
  return [head, ...results.flatMap((result) => rowsOf(result, base).map((row, index) => cellsOf(result, row, index)))];
}

function cellsOf({ scenario }: ScenarioResult, row: Row, index: number): readonly string[] {
  const isTrip = scenario.unit === "× idle round trip";
  return [
    index === 0 ? scenario.name : "",
    row.gateway,
    row.cost === undefined ? "failed" : `${digits(row.cost)} ${scenario.unit}`,
    spread(row.toBase),
    spread(row.hawserTo),
    row.perSecond === undefined ? None : perSecond(row.perSecond, isTrip),
    row.p50Ms === undefined ? None : digits(row.p50Ms),
    row.p99Ms === undefined ? None : digits(row.p99Ms),
    row.gatewayShare === undefined ? None : `${(row.gatewayShare * 100).toFixed(0)} %`,
  ];
}

/** Beside bulk it is octets that are counted, not messages. */
function perSecond(value: number, isOctets: boolean): string {
  return isOctets ? `${((value * 8) / 1e6).toFixed(1)} Mbit` : value.toFixed(0);
}

function spread(ratio: Spread | undefined): string {
  if (ratio === undefined) return None;
  return `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;
}

/** Three digits that count. */
function digits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** For the terminal: columns side by side, a line between scenarios. */
export function asText(table: readonly (readonly string[])[]): string {
  const widths = widthsOf(table);
  const lines = table.map((cells) =>
    cells
      .map((cell, column) => padded(cell, widths, column))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line, index) => (index > 0 && table[index]?.[0] !== "" ? `\n${line}` : line)).join("\n");
}

/** As prettier has it. */
export function asMarkdown(table: readonly (readonly string[])[]): string {
  const widths = widthsOf(table).map((width) => Math.max(3, width));
  const rule = widths.map((width) => "-".repeat(width));
  const [head = [], ...rows] = table;
  const lines = [head, rule, ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`)
    .join("");
}

function widthsOf(table: readonly (readonly string[])[]): readonly number[] {
  return (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
}

/** Words to the left, figures to the right. */
function padded(cell: string, widths: readonly number[], column: number): string {
  const width = widths[column] ?? 0;
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
