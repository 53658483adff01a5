import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Feed } from "./use-feed.ts";

/** A list that grows at its end. */
export interface TailListProps<Line> {
  readonly label: string;
  readonly feed: Feed<Line>;
  /** What stands there while there is no line. */
  readonly none: string;
  readonly children: (line: Line) => ComponentChildren;
}

/** Stays at the end while one is there; who scrolls back is left where they read. */
export function TailList<Line>({ label, feed, none, children }: TailListProps<Line>) {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  const { lines, dropped } = feed;
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  const scrolled = (): void => {
    const element = list.current;
    if (element === null) return;
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 8;
  };
  if (lines.length === 0) return <p class="none">{none}</p>;
  return (
    <ol ref={list} class="lines" onScroll={scrolled} tabIndex={0} aria-label={label}>
      {lines.map((line, index) => (
        <li key={dropped + index}>{children(line)}</li>
      ))}
    </ol>
  );
}
