import { printable } from "../gateway/config/printable.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLatency,
  formatRate,
} from "../gateway/admin/console/formatting.ts";
import type { Overview } from "../gateway/telemetry/stream-view.ts";
import { streamTable } from "./stream-table.ts";
import type { TopState } from "./top-state.ts";

/** One line on the screen; how it stands out is the same for all of it. */
export interface ShownLine {
  readonly text: string;
  readonly look: "plain" | "bold" | "dim" | "inverse" | "red";
}

/** The size of a screen, in signs. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const HeadLines = 4;
/** Titles above, keys below. */
const OtherLines = 2;
const Mark = "> ";
const NoMark = "  ";

/** How many streams find place on a screen. */
export function rowsOf({ rows }: ScreenSize): number {
  return Math.max(1, rows - HeadLines - OtherLines);
}

/** What `hawser top` shows of the gateway at `url`: at most as many lines as there are rows, none wider than the screen. */
export function topLines(state: TopState, size: ScreenSize, url: string): ShownLine[] {
  const { page, order, ascending, cursor } = state;
  const streams = page?.streams.slice(0, rowsOf(size)) ?? [];
  const table = streamTable(streams, { columns: size.columns - Mark.length, sorted: { order, ascending } });
  const [titles = "", ...lines] = table;
  const rows = lines.map((text, i): ShownLine => {
    return i === cursor ? { text: `${Mark}${text}`, look: "inverse" } : { text: `${NoMark}${text}`, look: "plain" };
  });
  const none: ShownLine[] = rows.length === 0 && page !== undefined ? [{ text: emptiness(state), look: "dim" }] : [];
  const body: ShownLine[] = [{ text: `${NoMark}${titles}`, look: "bold" }, ...rows, ...none];
  const all = [...headLines(state, url), ...body].slice(0, size.rows - 1);
  const blank = Array.from({ length: size.rows - 1 - all.length }, (): ShownLine => ({ text: "", look: "plain" }));
  return [...all, ...blank, footLine(state)].map(({ text, look }) => {
    const whole = printable(text).replaceAll("\u202f", " ");
    const cut = whole.length <= size.columns ? whole : `${whole.slice(0, size.columns - 1)}…`;
    return { look, text: look === "inverse" ? cut.padEnd(size.columns) : cut };
  });
}

/** The lines of the head, for a look that is taken once. */
export function headLines({ before, overview, page, search, offset, isPaused }: TopState, url: string): ShownLine[] {
  if (overview === undefined) return [{ text: `hawser top  ${url}`, look: "bold" }];
  const { version, readiness, generation, workers, silentWorkers, startedAt, at } = overview;
  const silent = silentWorkers.length === 0 ? "" : ` (${silentWorkers.length} silent)`;
  const parts = [
    `hawser ${version}`,
    isPaused ? `${readiness}, PAUSED` : readiness,
    `up ${formatDuration(at - startedAt)}`,
    `config ${generation}`,
    ...(workers > 1 ? [`workers ${workers}${silent}`] : []),
    url,
  ];
  const rate = rates(before, overview);
  const refused = Object.entries(overview.openings).filter(([result, count]) => result !== "accepted" && count > 0);
  const shown = shownPart({ page, search, offset }, overview.open);
  const lines = [
    `streams  ${shown}   ` +
      `connections ${formatCount(overview.connections.h1)} h1, ${formatCount(overview.connections.h2)} h2   ` +
      `ping ${latency(overview.pingMs)}`,
    `traffic  up ${rate(({ toUpstream }) => toUpstream.messages, formatRate)} msg/s, ` +
      `${rate(({ toUpstream }) => toUpstream.bytes, formatBytes)}/s   ` +
      `down ${rate(({ toClient }) => toClient.messages, formatRate)} msg/s, ` +
      `${rate(({ toClient }) => toClient.bytes, formatBytes)}/s   closed ${rate(({ closed }) => closed, formatRate)}/s`,
    `openings ${rate(({ opened }) => opened, formatRate)}/s, ${formatCount(overview.opened)} in all, ` +
      `${latency(overview.openingMs)}   refused ${refusals(refused)}`,
  ];
  return [{ text: parts.join("  "), look: "bold" }, ...lines.map((text): ShownLine => ({ text, look: "plain" }))];
}

/** How fast a counter of the overview grows, in words. */
function rates(before: Overview | undefined, now: Overview) {
  return (of: (overview: Overview) => number, format: (perSecond: number) => string): string => {
    const seconds = before === undefined ? 0 : (now.at - before.at) / 1_000;
    // That the counts of a silent worker are gone, or are back, is no traffic.
    const isWhole = before !== undefined && before.silentWorkers.length + now.silentWorkers.length === 0;
    if (!isWhole || seconds <= 0) return "–";
    return format(Math.max(0, of(now) - of(before)) / seconds);
  };
}

function latency({ p50, p99 }: Overview["openingMs"]): string {
  return p50 === null ? "–" : `${formatLatency(p50)}, p99 ${formatLatency(p99)}`;
}

function shownPart({ page, search, offset }: Pick<TopState, "page" | "search" | "offset">, open: number): string {
  const { streams, matching } = page ?? { streams: [], matching: 0 };
  const lines = streams.length === 0 ? "none" : `${offset + 1}–${offset + streams.length}`;
  return search === ""
    ? `${lines} of ${formatCount(open)} open`
    : `${lines} of ${formatCount(matching)} with “${search}”, ${formatCount(open)} open`;
}

/** The most frequent first. */
function refusals(refused: readonly (readonly [string, number])[]): string {
  const all = refused.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return "0";
  const named = refused.toSorted(([, one], [, other]) => other - one).slice(0, 3);
  return `${formatCount(all)} (${named.map(([result, count]) => `${result} ${formatCount(count)}`).join(", ")})`;
}

function emptiness({ search }: TopState): string {
  return search === "" ? "  no stream is open" : `  no stream has “${search}” in it; Esc shows all`;
}

function footLine({ mode, notice }: TopState): ShownLine {
  if (mode.type === "search") {
    return { text: `/${mode.text}_   Enter: those with this text, Esc: as it was`, look: "bold" };
  }
  if (mode.type === "confirm") {
    const { id, route, client } = mode.stream;
    const whose = client === null ? "" : ` of ${client}`;
    return {
      text: `Close stream ${id} on ${route}${whose}? y or n`,
      look: "bold",
    };
  }
  if (notice !== undefined) return { text: notice.text, look: notice.isFailure ? "red" : "bold" };
  return {
    text: "q quit  / find  k close  p pause  sort by Age Bytes Msgs Rate Idle Unsent Number",
    look: "dim",
  };
}
