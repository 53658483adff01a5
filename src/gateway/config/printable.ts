/** What a terminal obeys, what ends a line, and what turns the direction of writing; a tab is none of them. */
const Unprintable = /(?!\t)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** `text` on one line, with escapes such as `\u001b` for what cannot be printed. */
export function printable(text: string): string {
  return text.replaceAll(Unprintable, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The longest part of a line that a message shows. */
const MaxColumns = 200;

/**
 * The line of `text` that begins at `lineStart`, as it can be printed, and the `position` in it of what is at `at` in `text`.
 * Of a long line, such as a whole file in JSON, it is the part around that, with `…` for the rest.
 */
export function excerptOf(
  text: string,
  at: number,
  lineStart: number,
): { readonly text: string; readonly position: number } {
  const whole = lineFrom(text, lineStart);
  const isWhole = whole.length <= MaxColumns;
  const from = isWhole ? lineStart : Math.max(lineStart, at - MaxColumns / 2);
  const rest = isWhole ? whole : lineFrom(text, from);
  const before = from === lineStart ? "" : "…";
  const behind = rest.length > MaxColumns ? "…" : "";
  // One sign for one, so that columns stay where they are.
  const shown = rest.slice(0, MaxColumns).replaceAll(Unprintable, "\ufffd");
  return { text: before + shown + behind, position: before.length + at - from };
}

/** The rest of the line at `start`, or a little more than is shown of it. */
function lineFrom(text: string, start: number): string {
  return /^[^\r\n]*/.exec(text.slice(start, start + MaxColumns + 1))?.[0] ?? "";
}
