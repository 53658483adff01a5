import type { Overview } from "../../telemetry/stream-view.ts";
import { increase, TimeSeries } from "./time-series.ts";

/** Closes that went alike since the page was opened, and how many of them lately. */
export interface CloseLine {
  /** As metrics label it: a registered code, or a range as `4xxx`. */
  readonly code: string;
  readonly initiator: string;
  /** Since the gateway started. */
  readonly total: number;
  /** Since this page looks. */
  readonly seen: number;
}

/** How a route does now. */
export interface RouteLine {
  readonly route: string;
  readonly upstream: string;
  readonly open: number;
  readonly opened: number;
  readonly bytes: number;
  readonly messages: number;
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
}

/** What an opening is called that became a WebSocket; all other results are refusals. */
const Accepted = "accepted";
const NormalCodes: ReadonlySet<string> = new Set(["1000", "1001", "1005"]);
const NoClose = "1006";

/**
 * What the page remembers of the overview: the last quarter of an hour as series for plots, and the rates between the
 * last two readings. A gateway that was started anew counts from zero, and so do the rates. What a worker has counted is
 * missing while it is silent, and once it has ended: over that there is no rate.
 */
export class OverviewHistory {
  readonly open = new TimeSeries(1);
  readonly messages = new TimeSeries(2);
  readonly bytes = new TimeSeries(2);
  readonly openings = new TimeSeries(2);
  readonly closes = new TimeSeries(3);
  readonly opening = new TimeSeries(2);
  readonly ping = new TimeSeries(2);
  readonly #firstCloses = new Map<string, number>();
  #closeLines: readonly CloseLine[] = [];
  #routeLines: readonly RouteLine[] = [];
  #last: Overview | undefined;

  /** Takes the next reading. */
  add(now: Overview): void {
    const before = this.#last;
    this.#last = now;
    this.#closeLines = this.#closesOf(now, before);
    this.#routeLines = routesOf(now, before);
    this.open.push(now.at, [now.open]);
    this.opening.push(now.at, [now.openingMs.p50, now.openingMs.p99]);
    this.ping.push(now.at, [now.pingMs.p50, now.pingMs.p99]);
    if (before === undefined || now.at <= before.at) return;
    const grown = (read: (overview: Overview) => number): number | null => rateOf(before, now, read);
    this.messages.push(now.at, [grown((all) => all.toUpstream.messages), grown((all) => all.toClient.messages)]);
    this.bytes.push(now.at, [grown((all) => all.toUpstream.bytes), grown((all) => all.toClient.bytes)]);
    this.openings.push(now.at, [grown((all) => all.openings[Accepted] ?? 0), grown(refusals)]);
    const classes = [isNormal, isMissing, isOther];
    const closeRates = classes.map((isOf) => grown((all) => sumOf(all.closes, (key) => isOf(codeOf(key)))));
    this.closes.push(now.at, closeRates);
  }

  /** The last reading. */
  get last(): Overview | undefined {
    return this.#last;
  }

  /** The most frequent first. */
  get closeLines(): readonly CloseLine[] {
    return this.#closeLines;
  }

  get routeLines(): readonly RouteLine[] {
    return this.#routeLines;
  }

  #closesOf(now: Overview, before: Overview | undefined): readonly CloseLine[] {
    if (before !== undefined && before.startedAt !== now.startedAt) this.#firstCloses.clear();
    const lines = Object.entries(now.closes).map(([key, total]) => {
      // A kind that comes up later began at zero; what was there at first is not of this page's time.
      const known = this.#firstCloses.get(key);
      const first = known ?? (before === undefined ? total : 0);
      if (known === undefined) this.#firstCloses.set(key, first);
      const [code = "", initiator = ""] = key.split(" ", 2);
      return { code, initiator, total, seen: Math.max(0, total - first) };
    });
    return lines.sort((one, other) => other.total - one.total || one.code.localeCompare(other.code));
  }
}

/** What is counted more by `now`, a second; `null` where nobody knows. */
function rateOf(before: Overview, now: Overview, read: (overview: Overview) => number): number | null {
  const isWhole = before.silentWorkers.length + now.silentWorkers.length === 0;
  const isFallen = before.startedAt === now.startedAt && read(now) < read(before);
  return isWhole && !isFallen ? increase(read(before), read(now)) / ((now.at - before.at) / 1000) : null;
}

/** All openings that did not become a WebSocket. */
function refusals(overview: Overview): number {
  return sumOf(overview.openings, (result) => result !== Accepted);
}

function routesOf(now: Overview, before: Overview | undefined): readonly RouteLine[] {
  return now.routes.map((route) => {
    const find = ({ routes }: Overview) =>
      routes.find((one) => one.route === route.route && one.upstream === route.upstream);
    const isKnown = before !== undefined && now.at > before.at && find(before) !== undefined;
    const grown = (count: "bytes" | "messages"): number =>
      isKnown ? (rateOf(before, now, (all) => find(all)?.[count] ?? 0) ?? 0) : 0;
    return { ...route, bytesPerSecond: grown("bytes"), messagesPerSecond: grown("messages") };
  });
}

function sumOf(counts: Readonly<Record<string, number>>, isMeant: (key: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [key, count]) => (isMeant(key) ? sum + count : sum), 0);
}

/** Keys are as `1001 client`. */
function codeOf(key: string): string {
  return key.split(" ", 1)[0] ?? "";
}

const isNormal = (code: string): boolean => NormalCodes.has(code);
const isMissing = (code: string): boolean => code === NoClose;
const isOther = (code: string): boolean => !NormalCodes.has(code) && code !== NoClose;
