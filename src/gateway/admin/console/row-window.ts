/** Which rows of a long table are drawn. */
export interface RowWindow {
  /** The first of them, counted from 0. */
  readonly first: number;
  readonly count: number;
}

/** Rows beyond each edge of what is seen: a flick of the wheel finds them drawn already. */
const Margin = 12;
/** Windows begin at multiples of it, so that a few pixels of scrolling ask for nothing new. */
const Step = 8;

/** The rows to draw of `total` that are `rowHeight` pixels high, where `scrollTop` and `height` say what is seen. */
export function rowWindow(seen: {
  readonly total: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly height: number;
}): RowWindow {
  const { total, rowHeight, scrollTop, height } = seen;
  const top = Math.max(0, Math.min(Math.floor(scrollTop / rowHeight), total - 1));
  const first = Math.max(0, Math.floor((top - Margin) / Step) * Step);
  const last = Math.min(total, top + Math.ceil(height / rowHeight) + Margin + Step);
  return { first, count: Math.max(0, last - first) };
}
