import type { Readable } from "node:stream";

/** In characters. */
const LongestLine = 65_536;

/** Tells each line of `input`, a very long one in pieces: what does not end yet is held. */
export function tellLines(input: Readable, tell: (line: string) => void): void {
  let rest = "";
  input.setEncoding("utf8");
  input.on("error", () => undefined);
  input.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LongestLine) {
      lines.push(rest);
      rest = "";
    }
    for (const line of lines) tell(line.replace(/\r$/, ""));
  });
  input.on("end", () => {
    if (rest !== "") tell(rest);
  });
}
