import { useEffect, useRef, useState } from "preact/hooks";
import type { StreamOrder } from "../../telemetry/stream-view.ts";
import type { ConsoleModel } from "./console-model.ts";
import type { StreamFilter } from "./place.ts";
import type { RowWindow } from "./row-window.ts";
import { countText } from "./stream-columns.tsx";
import { StreamFilters } from "./stream-filters.tsx";
import { StreamTable, type LoadedRows } from "./stream-table.tsx";
import { Empty, TitleLine } from "./titled.tsx";
import { usePolled } from "./use-polled.ts";

/** How often the rows that are seen are asked for. */
const RefreshMs = 2000;

/** All streams: searched, filtered and sorted by the gateway, of which the page has what is seen. */
export function StreamsView({ model, filter }: { readonly model: ConsoleModel; readonly filter: StreamFilter }) {
  const { rows, error, setWindow, hold } = useRows(model, filter);
  const change = (next: Partial<StreamFilter>): void =>
    model.go({ view: "streams", filter: { ...filter, ...next } }, { replace: true });
  const sort = (order: StreamOrder): void =>
    change({ order, ascending: order === filter.order ? !filter.ascending : order === "id" });
  return (
    <div class="streams-view">
      <TitleLine title="Streams" says={stateText(rows, error)} />
      <StreamFilters routes={model.history.last?.routes ?? []} filter={filter} onChange={change} />
      {rows?.matching === 0 ? (
        <NoRows isAny={rows.open > 0} />
      ) : (
        <StreamTable
          rows={rows}
          list={JSON.stringify(filter)}
          order={filter.order}
          ascending={filter.ascending}
          onOrder={sort}
          onWindow={setWindow}
          onHold={hold}
          onOpen={(id) => model.go({ view: "stream", id })}
        />
      )}
    </div>
  );
}

/** The rows that are seen, asked for again and again unless the list is held. */
function useRows(model: ConsoleModel, filter: StreamFilter) {
  const [window, setWindow] = useState<RowWindow>({ first: 0, count: 60 });
  const isHeld = useRef(false);
  const last = useRef<{ filter: StreamFilter; rows: LoadedRows } | undefined>(undefined);
  const load = async (signal: AbortSignal): Promise<LoadedRows> => {
    const before = last.current;
    const isSame = before?.filter === filter && before.rows.offset === window.first;
    if (isHeld.current && isSame) return before.rows;
    const page = await model.api.streams(filter, window.first, window.count, signal);
    const rows = { ...page, offset: window.first };
    last.current = { filter, rows };
    return rows;
  };
  const { value, error, refresh } = usePolled(model, "streams", RefreshMs, load);
  useEffect(refresh, [window, filter]);
  const hold = (held: boolean): void => void (isHeld.current = held);
  return { rows: value, error, setWindow, hold };
}

function NoRows({ isAny }: { readonly isAny: boolean }) {
  return isAny ? (
    <Empty title="No stream fits.">Search for less, or leave a filter out.</Empty>
  ) : (
    <Empty title="No stream is open.">They appear here as clients open them.</Empty>
  );
}

function stateText(rows: LoadedRows | undefined, error: string | undefined): string {
  const parts = [rows === undefined ? "loading" : countText(rows.matching, rows.open)];
  const silent = rows?.silentWorkers ?? [];
  if (silent.length > 0) parts.push(`no answer of ${silent.length === 1 ? "worker" : "workers"} ${silent.join(", ")}`);
  if (error !== undefined) parts.push(error);
  return parts.join(" · ");
}
