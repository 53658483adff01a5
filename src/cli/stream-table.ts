import { printable } from "../gateway/config/printable.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLatency,
  formatRate,
} from "../gateway/admin/console/formatting.ts";
import type { StreamOrder, StreamView } from "../gateway/telemetry/stream-view.ts";

interface Column {
  readonly title: string;
  /** What its cells are sorted by. */
  readonly order?: StreamOrder;
  readonly align: "left" | "right";
  /** So that columns stand still while their numbers change. */
  readonly least?: number;
  /** Of those that find no place the one with the highest goes first. */
  readonly rank: number;
  readonly cell: (stream: StreamView) => string;
}

const Columns: readonly Column[] = [
  { title: "ID", least: 5, order: "id", align: "right", rank: 0, cell: ({ id }) => String(id) },
  { title: "ROUTE", align: "left", rank: 0, cell: ({ route }) => route },
  { title: "UPSTREAM", align: "left", rank: 8, cell: ({ upstream }) => upstream },
  { title: "CLIENT", align: "left", rank: 6, cell: ({ client }) => client ?? "" },
  { title: "HTTP", align: "left", rank: 7, cell: ({ protocol }) => protocol },
  { title: "AGE", least: 6, order: "age", align: "right", rank: 3, cell: ({ ageMs }) => formatDuration(ageMs) },
  { title: "IDLE", least: 6, order: "idle", align: "right", rank: 4, cell: ({ idleMs }) => formatDuration(idleMs) },
  {
    title: "UP/S",
    least: 8,
    order: "rate",
    align: "right",
    rank: 1,
    cell: ({ toUpstream }) => formatBytes(toUpstream.bytesPerSecond),
  },
  {
    title: "DOWN/S",
    least: 8,
    order: "rate",
    align: "right",
    rank: 1,
    cell: ({ toClient }) => formatBytes(toClient.bytesPerSecond),
  },
  {
    title: "MSG/S",
    least: 6,
    align: "right",
    rank: 2,
    cell: ({ toUpstream, toClient }) => formatRate(toUpstream.messagesPerSecond + toClient.messagesPerSecond),
  },
  {
    title: "MSGS",
    least: 6,
    order: "messages",
    align: "right",
    rank: 5,
    cell: ({ toUpstream, toClient }) => formatCount(toUpstream.messages + toClient.messages),
  },
  {
    title: "BYTES",
    least: 8,
    order: "bytes",
    align: "right",
    rank: 3,
    cell: ({ toUpstream, toClient }) => formatBytes(toUpstream.bytes + toClient.bytes),
  },
  {
    title: "UNSENT",
    least: 8,
    order: "buffered",
    align: "right",
    rank: 5,
    cell: ({ buffered }) => formatBytes(buffered.toUpstream + buffered.toClient),
  },
  { title: "PING", align: "right", rank: 9, cell: ({ pingMs }) => (pingMs === null ? "" : formatLatency(pingMs)) },
  { title: "SUBPROTOCOL", align: "left", rank: 10, cell: ({ subprotocol }) => subprotocol ?? "" },
  { title: "", align: "left", rank: 4, cell: ({ state }) => (state === "open" ? "" : state) },
];

const Gap = "  ";
/** A name that somebody made long does not push the numbers out. */
const MaxCell = 32;

/** How a table is to be. */
export interface TableShape {
  /** How wide it may be; columns that find no place are left out. */
  readonly columns: number;
  /** The column that is marked, and which way it is sorted. */
  readonly sorted?: { readonly order: StreamOrder; readonly ascending: boolean };
}

/** `streams` as lines: the titles, and one for each. A column in which nothing stands is left out. */
export function streamTable(streams: readonly StreamView[], { columns, sorted }: TableShape): string[] {
  const filled = Columns.map((column) => {
    const mark = sorted !== undefined && column.order === sorted.order ? (sorted.ascending ? "▲" : "▼") : "";
    const cells = streams.map((stream) => shortened(printable(column.cell(stream)).replaceAll("\u202f", " ")));
    const title = `${column.title}${mark}`;
    const width = Math.max(column.least ?? 0, title.length, ...cells.map((cell) => cell.length));
    return { ...column, title, cells, width };
  }).filter(({ cells, rank }) => rank === 0 || streams.length === 0 || cells.some((cell) => cell !== ""));
  const shown = fitting(filled, columns);
  const line = (cellOf: (column: (typeof filled)[number]) => string): string => {
    const cells = shown.map((column) => {
      const cell = cellOf(column);
      return column.align === "right" ? cell.padStart(column.width) : cell.padEnd(column.width);
    });
    return cells.join(Gap).trimEnd().slice(0, columns);
  };
  return [line(({ title }) => title), ...streams.map((_, i) => line(({ cells }) => cells[i] ?? ""))];
}

/** Those of `columns` that find a place; the ones of the least rank stay in any case. */
function fitting<Filled extends { readonly rank: number; readonly width: number }>(
  columns: readonly Filled[],
  width: number,
): Filled[] {
  let shown = [...columns];
  const needed = (): number => shown.reduce((sum, column) => sum + column.width + Gap.length, -Gap.length);
  while (needed() > width) {
    const last = shown.reduce((worst, column) => Math.max(worst, column.rank), 0);
    if (last === 0) break;
    shown = shown.filter(({ rank }) => rank !== last);
  }
  return shown;
}

function shortened(cell: string): string {
  return cell.length <= MaxCell ? cell : `${cell.slice(0, MaxCell - 1)}…`;
}
