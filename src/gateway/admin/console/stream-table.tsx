import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { StreamOrder, StreamPage, StreamView } from "../../telemetry/stream-view.ts";
import { rowWindow, type RowWindow } from "./row-window.ts";
import { StreamColumns } from "./stream-columns.tsx";

/** The part of a list that the gateway has told of. */
export interface LoadedRows extends StreamPage {
  /** The place in the list of the first of `streams`. */
  readonly offset: number;
}

/** A long table of which only what is seen is drawn. */
export interface StreamTableProps {
  readonly rows: LoadedRows | undefined;
  /** Which list it is: the next one begins at its top. */
  readonly list: string;
  readonly order: StreamOrder;
  readonly ascending: boolean;
  /** Sorts by a column, and the other way round the second time. */
  readonly onOrder: (order: StreamOrder) => void;
  /** The rows that are to be loaded. */
  readonly onWindow: (window: RowWindow) => void;
  /** Whether a row has the focus: the list should then stay as it is. */
  readonly onHold: (isHeld: boolean) => void;
  readonly onOpen: (id: number) => void;
}

const RowHeight = 28;

/** Rows are told apart by their place, not by their stream: what moves is text, and no row of the document. */
export function StreamTable(props: StreamTableProps) {
  const { rows, list, onWindow } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const total = rows?.matching ?? 0;
  const [shown, setShown] = useState<RowWindow>({ first: 0, count: 60 });
  const look = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const seen = { rowHeight: RowHeight, scrollTop: element.scrollTop, height: element.clientHeight };
    const next = rowWindow({ total: Math.max(total, 1), ...seen });
    setShown((now) => (now.first === next.first && now.count === next.count ? now : next));
  };
  useLayoutEffect(() => scroller.current?.scrollTo(0, 0), [list]);
  useLayoutEffect(look, [total]);
  useEffect(() => onWindow(shown), [shown]);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [total]);
  return (
    <div ref={scroller} class="scroller" onScroll={look} tabIndex={0} role="region" aria-label="Streams">
      <table class="streams" aria-rowcount={total + 1}>
        <Head {...props} />
        <Body
          {...props}
          shown={{ first: shown.first, count: Math.min(shown.count, Math.max(0, total - shown.first)) }}
        />
      </table>
    </div>
  );
}

function Head({ order, ascending, onOrder }: StreamTableProps) {
  const direction = ascending ? "ascending" : "descending";
  const columns = [{ name: "id", title: "number of the stream", order: "id" as const, kind: "id" }, ...StreamColumns];
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column) => {
          const isSorted = column.order !== undefined && column.order === order;
          const mark = !isSorted ? "" : ascending ? "▲" : "▼";
          const by = column.order;
          return (
            <th
              key={column.name}
              scope="col"
              class={column.kind}
              title={column.title}
              aria-sort={isSorted ? direction : undefined}
            >
              {by === undefined ? (
                column.name
              ) : (
                <button type="button" onClick={() => onOrder(by)}>
                  {column.name} <span aria-hidden="true">{mark}</span>
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Body({ rows, shown, onHold, onOpen }: StreamTableProps & { readonly shown: RowWindow }) {
  const pressed = useRef<number | undefined>(undefined);
  const { first, count } = shown;
  const below = Math.max(0, (rows?.matching ?? 0) - first - count);
  const at = (index: number): StreamView | undefined => rows?.streams[first + index - rows.offset];
  const press = ({ target }: Event): void => void (pressed.current = idOf(target));
  const click = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    // The list may have been sorted anew since the finger came down: what was meant is what was there.
    const id = event.detail === 0 ? idOf(event.target) : (pressed.current ?? idOf(event.target));
    if (id === undefined) return;
    event.preventDefault();
    onOpen(id);
  };
  const hold =
    (isHeld: boolean) =>
    ({ target }: Event) =>
      onHold(isHeld && target instanceof HTMLElement && target.matches(":focus-visible"));
  const events = {
    onPointerDown: press,
    onClick: click,
    onFocusIn: hold(true),
    onFocusOut: hold(false),
    onKeyDown: stepFocus,
  };
  return (
    <tbody {...events}>
      <tr class="spacer" aria-hidden="true" style={{ height: `${first * RowHeight}px` }} />
      {Array.from({ length: count }, (_, index) => (
        <Row key={(first + index) % 512} place={first + index} stream={at(index)} />
      ))}
      <tr class="spacer" aria-hidden="true" style={{ height: `${below * RowHeight}px` }} />
    </tbody>
  );
}

function Row({ place, stream }: { readonly place: number; readonly stream: StreamView | undefined }) {
  if (stream === undefined) {
    return (
      <tr aria-rowindex={place + 2} class="loading">
        <td colSpan={StreamColumns.length + 1}>…</td>
      </tr>
    );
  }
  return (
    <tr aria-rowindex={place + 2} data-id={stream.id} class={stream.state}>
      <th scope="row" class="id">
        <a href={`#/streams/${stream.id}`}>{stream.id}</a>
      </th>
      {StreamColumns.map((column) => (
        <td key={column.name} class={column.kind}>
          {column.cell(stream)}
        </td>
      ))}
    </tr>
  );
}

function idOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest("tr[data-id]") : null;
  return row instanceof HTMLElement ? Number(row.dataset["id"]) : undefined;
}

/** Up and down go from row to row. */
function stepFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  if (step === undefined || row === null) return;
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  const link = next?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
}
