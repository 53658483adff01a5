const Sequences: ReadonlyMap<string, NamedKey> = new Map([
  ["\u001b[A", "up"],
  ["\u001bOA", "up"],
  ["\u001b[B", "down"],
  ["\u001bOB", "down"],
  ["\u001b[5~", "page-up"],
  ["\u001b[6~", "page-down"],
  ["\u001b[H", "home"],
  ["\u001bOH", "home"],
  ["\u001b[1~", "home"],
  ["\u001b[F", "end"],
  ["\u001bOF", "end"],
  ["\u001b[4~", "end"],
  ["\u001b", "escape"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\u007f", "backspace"],
  ["\b", "backspace"],
  ["\u0003", "ctrl-c"],
  ["\u0004", "ctrl-c"],
]);

type NamedKey =
  ("up" | "down" | "page-up" | "page-down" | "home" | "end") | ("enter" | "escape" | "backspace" | "ctrl-c");

/** A key: its name, or the one sign that it writes. */
export type Key = NamedKey | (string & {});

/** A control sequence (ECMA-48 §5.4), one of a function key, or one sign: what is behind \p{Cc} is Escape, or means nothing. */
const Parts = /\p{Cc}\[[0-?]*[ -/]*[@-~]|\p{Cc}O[ -~]|[^]/gu;

/** The keys that a terminal tells of with `input`; those without a meaning here are left out. */
export function keysOf(input: string): Key[] {
  return (input.match(Parts) ?? []).flatMap((part) => {
    const name = Sequences.get(part);
    if (name !== undefined) return [name];
    return /^[^\p{Cc}]$/u.test(part) ? [part] : [];
  });
}
