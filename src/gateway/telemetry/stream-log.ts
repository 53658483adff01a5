import { CloseCode } from "../../protocol/close-code.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import { failureTrace } from "./failure-trace.ts";
import type { OpeningResult } from "./metrics.ts";
import type { Protocol, StreamClose, StreamFacts, StreamRecord } from "./stream-registry.ts";

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
  const traffic = `↑ ${trafficOf(record.toUpstream)}  ↓ ${trafficOf(record.toClient)}`;
  return `${timeOf(now, style)} ${sign} ${where}  ${how}  ${ageOf(now - record.openedAt).padStart(8)}  ${traffic}`;
}

/** An opening that did not become a stream. */
export interface RefusedOpening {
  /** Empty if no route matched. */
  readonly route: string;
  readonly protocol: Protocol;
  readonly result: OpeningResult;
  /** 0 where the client left before an answer, or the transport gave it by itself. */
  readonly status: number;
  /** What was wrong with the upstream: an error code or a rule, nothing that a peer said. */
  readonly detail?: string | undefined;
}

/** The line of an opening that did not become a stream. */
export function refusedLine(refused: RefusedOpening, now: number, style: LineStyle = {}): string {
  const { route, protocol, result, status, detail } = refused;
  const name = nameColumn(route === "" ? "none" : route);
  const how = status === 0 ? result : `refused ${status} ${result}`;
  const why = detail === undefined ? "" : paint(`  (${detail})`, "dim", style);
  return `${timeOf(now, style)} ${paint("×", "red", style)} ${name} ${protocol} ${how}${why}`;
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

function trafficOf(traffic: Traffic): string {
  const frames = traffic.continuation + traffic.text + traffic.binary + traffic.close + traffic.ping + traffic.pong;
  return `${String(frames).padStart(6)} frames ${sizeOf(traffic.bytes).padStart(10)}`;
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
