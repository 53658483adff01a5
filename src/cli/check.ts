import type { Config } from "../gateway/config/config.ts";
import { explainConfig } from "./explain-config.ts";
import type { Terminal } from "./terminal.ts";

/** Prints what the config in `file` means, with `warnings` at the end. */
export function check(file: string, config: Config, warnings: readonly string[], output: Terminal): void {
  for (const { title, rows } of explainConfig(config)) {
    output.line(output.paint("bold", title));
    for (const row of inColumns(rows)) output.line(`  ${row}`);
    output.line("");
  }
  for (const warning of warnings) output.line(output.paint("yellow", warning));
  const judgement =
    warnings.length === 0 ? "is valid" : `is valid, with ${warnings.length} warning${warnings.length === 1 ? "" : "s"}`;
  output.line(`${file} ${judgement}`);
}

/** `rows` as lines whose cells stand below each other; the last cell of a row may be of any length. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join("  "));
}
