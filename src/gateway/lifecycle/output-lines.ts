import type { Readable } from "node:stream";

/** In characters. */
const LongestLine = 65_536;

/** Tells each line of `input`, without its end. */
export function tellLines(input: Readable, tell: (line: string) => void): void {
  tellWholeLines(input, (lines) => {
    for (const line of lines.slice(0, -1).split("\n")) tell(line.replace(/\r$/, ""));
  });
}

/**
 * Tells what comes from `input`, as many whole lines at once as there are, each with its end. A very long one comes in
 * pieces: what does not end yet is held.
 */
export function tellWholeLines(input: Readable, tell: (lines: string) => void): void {
  let rest = "";
  input.setEncoding("utf8");
  input.on("error", () => undefined);
  input.on("data", (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) tell(rest + text.slice(0, end));
    rest = end > 0 ? text.slice(end) : rest + text;
    if (rest.length <= LongestLine) return;
    tell(`${rest}\n`);
    rest = "";
  });
  input.on("end", () => {
    if (rest !== "") tell(`${rest}\n`);
  });
}
