import type { Config } from "../gateway/config/config.ts";
import { explainConfig } from "./explain-config.ts";
import { amount } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

/** Lines are broken at spaces to fit, where that is possible. */
const Columns = 100;
const Indent = "  ";
/** The last cell of a row gets at least that much, however long the others are. */
const LeastColumns = 40;

/**
 * Prints what the config in `file` means, with `warnings` at the end.
 *
 * @param openFiles - how many files a process may have open here; `undefined` where nobody knows.
 */
export function check(
  file: string,
  config: Config,
  { warnings, openFiles }: { readonly warnings: readonly string[]; readonly openFiles: number | undefined },
  output: Terminal,
): void {
  for (const { title, rows } of explainConfig(config, openFiles)) {
    output.line(output.paint("bold", title));
    for (const line of inColumns(rows)) output.line(`${Indent}${line}`.trimEnd());
    output.line("");
  }
  for (const warning of warnings) output.line(output.paint("yellow", warning));
  output.line(`${file} is valid${warnings.length === 0 ? "" : `, with ${amount(warnings.length, "warning")}`}`);
}

/** `rows` as lines whose cells stand below each other; the last cell of a row goes on below itself. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.flatMap((row) => {
    const before = row.slice(0, -1).map((cell, i) => `${cell.padEnd(widths[i]!)}  `);
    const start = before.join("");
    const width = Math.max(LeastColumns, Columns - Indent.length - start.length);
    return folded(row.at(-1) ?? "", width).map((line, i) => `${i === 0 ? start : " ".repeat(start.length)}${line}`);
  });
}

/** `text` in lines of at most `width` letters, but for words that are longer. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
