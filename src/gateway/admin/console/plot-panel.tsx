import { useMemo, useState } from "preact/hooks";
import { formatClock, Nothing } from "./formatting.ts";
import type { Measure } from "./measure.ts";
import { Plot } from "./plot.tsx";
import type { Columns, TimeSeries } from "./time-series.ts";

/** A plot with its title, and beside it what the series are now, or were where the cursor is. */
export interface PlotPanelProps {
  readonly title: string;
  /** Said in the tooltip: what is counted, in which unit. */
  readonly unit: string;
  readonly series: TimeSeries;
  readonly names: readonly string[];
  readonly measure: Measure;
  readonly theme: string;
  /** Changes with the series. */
  readonly reading: number;
  readonly syncKey: string;
  readonly height?: number;
}

/** One figure of the overview. */
export function PlotPanel({
  title,
  unit,
  series,
  names,
  measure,
  theme,
  reading,
  syncKey,
  height = 128,
}: PlotPanelProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const columns = useMemo(() => series.columns, [series, reading]);
  const [times] = columns;
  const at = cursor === null ? undefined : times[cursor];
  const index = at === undefined || cursor === null ? times.length - 1 : cursor;
  const shown = names.map((_, place) => text(columns[place + 1]?.[index], measure));
  const description = `${title} (${unit}): ${names.map((name, place) => `${name} ${shown[place]}`).join(", ")}`;
  const plot = { columns, names, measure, height, description, syncKey, theme };
  return (
    <figure class="panel">
      <figcaption>
        <h2 title={unit}>{title}</h2>
        <ul class="legend">
          {names.map((name, place) => (
            <li key={name}>
              <i class={`swatch series-${place + 1}`} aria-hidden="true" />
              <span class="name">{name}</span> <b>{shown[place]}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <Plot {...plot} onCursor={setCursor} />
      <span class="moment" aria-hidden="true">
        {at === undefined ? "" : formatClock(at * 1000)}
      </span>
      {hasValues(columns) ? null : <p class="none">no data yet</p>}
    </figure>
  );
}

function text(value: number | null | undefined, measure: Measure): string {
  return value === null || value === undefined ? Nothing : measure.text(value);
}

function hasValues([, ...columns]: Columns): boolean {
  return columns.some((column) => column.some((value) => value !== null));
}
