import { failureTrace } from "./failure-trace.ts";
import type { EventFields, LogFormat, LogLevel, RefusedOpening } from "./log-format.ts";
import { methodLabel } from "./method-label.ts";
import type { RequestOutcome } from "./request-metrics.ts";
import { framesOf, messagesOf } from "./traffic-sums.ts";
import type { StreamClose, StreamRecord } from "./stream-registry.ts";

/**
 * The log for programs: one JSON object a line. Names are camelCase, bytes and frames those of RFC 6455 on the wire; a field
 * that says nothing is left out. The README has the table of all fields.
 */
export class JsonLines implements LogFormat {
  readonly #write: (line: string) => void;
  readonly #worker: number | undefined;
  /** The millisecond of the last line and how it is written: in a storm many lines have the same. */
  #lastMs = NaN;
  #lastTime = "";

  /**
   * @param write - takes one line with its end.
   * @param worker - its number is a field of each line.
   */
  constructor(write: (line: string) => void, { worker }: { readonly worker?: number | undefined } = {}) {
    this.#write = write;
    this.#worker = worker;
  }

  streamOpened(record: StreamRecord, openStreams: number, now: number): void {
    const { id, route, upstream, protocol, connectionId } = record;
    this.#line({
      level: "info",
      worker: this.#worker,
      time: this.#timeOf(now),
      event: "stream-opened",
      id,
      route,
      upstream,
      protocol,
      connectionId,
      streamId: streamIdOf(record),
      openStreams,
    });
  }

  streamOpen(record: StreamRecord, now: number): void {
    this.#lineOfCarried("stream-open", record, undefined, now);
  }

  streamClosed(record: StreamRecord, close: StreamClose, now: number): void {
    this.#lineOfCarried("stream-closed", record, close, now);
  }

  openingRefused({ route, protocol, result, status, seconds, detail }: RefusedOpening, now: number): void {
    this.#line({
      ...this.#begin("info", "opening-refused", now),
      route: named(route),
      protocol,
      result,
      status: status === 0 ? undefined : status,
      durationMs: seconds === undefined ? undefined : roundMs(seconds * 1000),
      detail,
    });
  }

  requestOver(request: RequestOutcome, now: number): void {
    const { route, upstream, protocol, method, status, seconds, bytesIn, bytesOut, result, detail } = request;
    this.#line({
      ...this.#begin("info", "request", now),
      route: named(route),
      upstream,
      protocol,
      method: methodLabel(method),
      status: status === 0 ? undefined : status,
      result,
      durationMs: roundMs(seconds * 1000),
      bytesIn,
      bytesOut,
      detail,
    });
  }

  handlerFailed(route: string, failure: unknown, now: number): void {
    this.#line({ ...this.#begin("error", "handler-failed", now), route, stack: failureTrace(failure) });
  }

  event(level: LogLevel, msg: string, fields: EventFields, now: number): void {
    this.#line({ level, worker: this.#worker, ...fields, time: this.#timeOf(now), event: "process", msg });
  }

  /** Written out like `streamOpened`: there are two of these lines for each stream, and spreads would be most of their cost. */
  #lineOfCarried(event: string, record: StreamRecord, close: StreamClose | undefined, now: number): void {
    const { id, route, upstream, protocol, connectionId, toUpstream, toClient } = record;
    this.#line({
      level: "info",
      worker: this.#worker,
      time: this.#timeOf(now),
      event,
      id,
      route,
      upstream,
      protocol,
      connectionId,
      streamId: streamIdOf(record),
      initiator: close?.initiator,
      code: close?.code,
      cause: close?.cause,
      durationMs: roundMs(now - record.openedAt),
      bytesToUpstream: toUpstream.bytes,
      messagesToUpstream: messagesOf(toUpstream),
      framesToUpstream: framesOf(toUpstream),
      bytesToClient: toClient.bytes,
      messagesToClient: messagesOf(toClient),
      framesToClient: framesOf(toClient),
    });
  }

  /** What another line has in front. */
  #begin(level: LogLevel, event: string, now: number) {
    return { level, worker: this.#worker, time: this.#timeOf(now), event };
  }

  #line(fields: object): void {
    this.#write(`${JSON.stringify(fields)}\n`);
  }

  /** ISO 8601 in UTC, which every log pipeline reads and sorts. */
  #timeOf(now: number): string {
    const ms = Math.trunc(now);
    if (ms !== this.#lastMs) this.#lastTime = new Date(ms).toISOString();
    this.#lastMs = ms;
    return this.#lastTime;
  }
}

function streamIdOf({ protocol, streamId }: StreamRecord): number | undefined {
  return protocol === "h2" ? streamId : undefined;
}

function named(route: string): string {
  return route === "" ? "none" : route;
}

/** Microseconds are enough, and a float's tail is none's business. */
function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
