import { CloseCode } from "../../protocol/close-code.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import { printable } from "../config/printable.ts";
import { failureTrace } from "./failure-trace.ts";
import type { LogLevel, RefusedOpening } from "./log-format.ts";
import { methodLabel } from "./method-label.ts";
import type { RequestOutcome } from "./request-metrics.ts";
import type { StreamClose, StreamFacts, StreamRecord } from "./stream-registry.ts";
import { framesOf } from "./traffic-sums.ts";

/** How lines are drawn: `colour` adds ANSI colours, for a terminal. */
export interface LineStyle {
  readonly colour?: boolean;
}

const Colours = { green: 32, red: 31, yellow: 33, dim: 2 } as const;

/** A page that calls `close()` without a code sends a Close without one, which is 1005. */
const OrdinaryCodes: ReadonlySet<number> = new Set([CloseCode.Normal, CloseCode.GoingAway, CloseCode.NoStatus]);

/** The line of a stream that opened. `openCount` includes it; `now` is milliseconds since the epoch, shown in local time. */
export function openedLine(record: StreamRecord, openCount: number, now: number, style: LineStyle = {}): string {
  const where = `${nameColumn(record.route)} ${placeColumn(record)}`;
  return `${timeOf(now, style)} ${paint("+", "green", style)} ${where}  → ${record.upstream}  ${paint(`(open ${openCount})`, "dim", style)}`;
}

/** The line of a stream that ended: who began it, close code, cause, age, and what passed up to the upstream and down. */
export function closedLine(record: StreamRecord, close: StreamClose, now: number, style: LineStyle = {}): string {
  const sign = paint("-", OrdinaryCodes.has(close.code) ? "dim" : "yellow", style);
  const where = `${nameColumn(record.route)} ${placeColumn(record)}`;
  const how = `${close.initiator} ${close.code} ${close.cause}`.padEnd(31);
  return `${timeOf(now, style)} ${sign} ${where}  ${how}  ${carriedColumn(record, now)}`;
}

/** The line of a stream that is open still: its age, and what has passed. */
export function stillOpenLine(record: StreamRecord, now: number, style: LineStyle = {}): string {
  const where = `${nameColumn(record.route)} ${placeColumn(record)}`;
  return `${timeOf(now, style)} ${paint("=", "dim", style)} ${where}  ${"still open".padEnd(31)}  ${carriedColumn(record, now)}`;
}

/** The line of an opening that did not become a stream. */
export function refusedLine(refused: RefusedOpening, now: number, style: LineStyle = {}): string {
  const { route, protocol, result, status, detail } = refused;
  const name = nameColumn(route === "" ? "none" : route);
  const how = status === 0 ? result : `refused ${status} ${result}`;
  const why = detail === undefined ? "" : paint(`  (${detail})`, "dim", style);
  return `${timeOf(now, style)} ${paint("×", "red", style)} ${name} ${protocol} ${how}${why}`;
}

/** The line of an ordinary HTTP request: what came of it, how long it took, and the content of request and response. */
export function requestLine(request: RequestOutcome, now: number, style: LineStyle = {}): string {
  const { route, upstream, protocol, method, status, result, detail, seconds, bytesIn, bytesOut } = request;
  const name = nameColumn(route === "" ? "none" : route);
  const what = [methodLabel(method), ...(status === 0 ? [] : [status]), result].join(" ");
  const where = upstream === undefined ? "" : `  → ${upstream}`;
  const content = `↑ ${sizeOf(bytesIn)} ↓ ${sizeOf(bytesOut)}`;
  const why = detail === undefined ? "" : `  (${detail})`;
  return `${timeOf(now, style)} ${paint("·", "dim", style)} ${name} ${protocol} ${what}${where}  ${ageOf(seconds * 1000)}  ${content}${why}`;
}

/**
 * The line of an event of the process, or lines: without time and columns, so that it reads well at the start. What an
 * upstream's own process prints is in some, and a client may have a part in that: its terminal codes do not get through.
 */
export function eventLine(level: LogLevel, msg: string, style: LineStyle = {}): string {
  const text = msg.split("\n").map(printable).join("\n");
  if (level === "info") return text;
  return level === "warn" ? paint(`warning: ${text}`, "yellow", style) : paint(`error: ${text}`, "red", style);
}

/** The lines of a handler that threw `failure`. */
export function failedLine(route: string, failure: unknown, now: number, style: LineStyle = {}): string {
  const sign = paint("!", "red", style);
  return `${timeOf(now, style)} ${sign} ${nameColumn(route)} handler failed: ${failureTrace(failure)}`;
}

function nameColumn(route: string): string {
  return route.padEnd(12);
}

function placeColumn({ protocol, connectionId, streamId }: StreamFacts): string {
  const stream = protocol === "h2" ? `stream ${String(streamId).padStart(5)}` : "";
  return `${protocol} connection ${String(connectionId).padStart(4)} ${stream.padEnd(12)}`;
}

function carriedColumn({ openedAt, toUpstream, toClient }: StreamRecord, now: number): string {
  return `${ageOf(now - openedAt).padStart(8)}  ↑ ${trafficOf(toUpstream)}  ↓ ${trafficOf(toClient)}`;
}

function trafficOf(traffic: Traffic): string {
  return `${String(framesOf(traffic)).padStart(6)} frames ${sizeOf(traffic.bytes).padStart(10)}`;
}

function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

function ageOf(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function timeOf(now: number, style: LineStyle): string {
  const date = new Date(now);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  return paint(`${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`, "dim", style);
}

function paint(text: string, colour: keyof typeof Colours, { colour: coloured = false }: LineStyle): string {
  return coloured ? `\u001b[${Colours[colour]}m${text}\u001b[0m` : text;
}
