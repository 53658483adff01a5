import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Columns } from "./time-series.ts";
import { formatClock } from "./formatting.ts";
import { gridText, type Measure } from "./measure.ts";

/** One plot of some series over time. */
export interface PlotProps {
  readonly columns: Columns;
  /** Names of the series, in the order of the columns; the style sheet knows as many colours. */
  readonly names: readonly string[];
  readonly measure: Measure;
  readonly height: number;
  /** What it shows, for who cannot see it. */
  readonly description: string;
  /** Plots with the same key share their cursor. */
  readonly syncKey: string;
  /** Changes with the colours. */
  readonly theme: string;
  /** Told which sample the cursor is at; `null` where it is at none. */
  readonly onCursor: (index: number | null) => void;
}

const ShortestSpan = 120;
const LongestSpan = 15 * 60;
/** Of the first two, the second is the thinner; what changes each second and is dashed too, nobody can read. */
const Widths = [1.5, 1, 1];
const Dashes = [undefined, undefined, [2, 2]];

/** Draws with uPlot on a canvas; colours come from the style sheet. */
export function Plot(props: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(latest.current, element), latest.current.columns, element);
    made.over.addEventListener("mouseleave", () => latest.current.onCursor(null));
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== made.width) made.setSize({ width, height: latest.current.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [props.theme, props.height, props.names.length]);
  useLayoutEffect(() => plot.current?.setData(props.columns), [props.columns]);
  return (
    <div ref={holder} class="plot" role="img" aria-label={props.description} style={{ height: `${props.height}px` }} />
  );
}

function optionsOf(props: PlotProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const font = `11px ${style.fontFamily}`;
  const grid = { stroke: style.borderTopColor, width: 1 };
  const { steps } = props.measure;
  const axis = { stroke: style.color, font, grid, ticks: { show: false } };
  return {
    width: Math.max(element.clientWidth, 100),
    height: props.height,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: props.syncKey, scales: ["x", null] },
      points: { size: 5 },
    },
    scales: {
      x: { range: xRange },
      y: { range: (_, __, max) => [0, Number.isFinite(max) && max > 0 ? max * 1.08 : 1] },
    },
    series: [{}, ...props.names.map((_, index) => seriesOf(element, index))],
    axes: [
      { ...axis, size: 20, gap: 2, space: 64, grid: { show: false }, values: (_, seconds) => seconds.map(clockLabel) },
      {
        ...axis,
        ...(steps && { incrs: steps }),
        size: 50,
        gap: 5,
        space: 26,
        values: (_, values) => values.map((value) => gridText(props.measure, value)),
      },
    ],
    hooks: { setCursor: [(self) => props.onCursor(self.cursor.idx ?? null)] },
  };
}

/** The last quarter of an hour, or as much as there is of it. */
function xRange(_: uPlot, min: number, max: number): uPlot.Range.MinMax {
  if (min === null || max === null || !Number.isFinite(max)) return [0, 1];
  return [Math.max(max - LongestSpan, Math.min(min, max - ShortestSpan)), max];
}

function seriesOf(element: HTMLElement, index: number): uPlot.Series {
  const probe = document.createElement("i");
  probe.className = `swatch series-${index + 1}`;
  element.append(probe);
  const stroke = getComputedStyle(probe).color;
  probe.remove();
  const dash = Dashes[index];
  const fill = index === 0 ? { fill: faint(stroke) } : {};
  return { stroke, width: Widths[index] ?? 1, points: { show: false }, ...fill, ...(dash && { dash }) };
}

/** A colour as `rgb(…)` at a tenth of its strength. */
function faint(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.1)");
}

function clockLabel(seconds: number): string {
  const clock = formatClock(seconds * 1000);
  return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
}
