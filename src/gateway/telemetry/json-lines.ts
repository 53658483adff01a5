import { pino } from "pino";
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
  readonly #logger: pino.Logger;

  /**
   * @param write - takes one line with its end.
   * @param worker - its number is a field of each line.
   */
  constructor(write: (line: string) => void, { worker }: { readonly worker?: number | undefined } = {}) {
    const base = worker === undefined ? null : { worker };
    const options = { base, timestamp: false, formatters: { level: (level: string) => ({ level }) } };
    this.#logger = pino(options, { write });
  }

  streamOpened(record: StreamRecord, openStreams: number, now: number): void {
    this.#logger.info({ time: timeOf(now), event: "stream-opened", ...placeOf(record), openStreams });
  }

  streamOpen(record: StreamRecord, now: number): void {
    this.#logger.info({ time: timeOf(now), event: "stream-open", ...placeOf(record), ...carriedBy(record, now) });
  }

  streamClosed(record: StreamRecord, { initiator, code, cause }: StreamClose, now: number): void {
    const ending = { initiator, code, cause, ...carriedBy(record, now) };
    this.#logger.info({ time: timeOf(now), event: "stream-closed", ...placeOf(record), ...ending });
  }

  openingRefused({ route, protocol, result, status, seconds, detail }: RefusedOpening, now: number): void {
    this.#logger.info({
      time: timeOf(now),
      event: "opening-refused",
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
    this.#logger.info({
      time: timeOf(now),
      event: "request",
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
    this.#logger.error({ time: timeOf(now), event: "handler-failed", route, stack: failureTrace(failure) });
  }

  event(level: LogLevel, msg: string, fields: EventFields, now: number): void {
    this.#logger[level]({ ...fields, time: timeOf(now), event: "process" }, msg);
  }
}

function placeOf({ id, route, upstream, protocol, connectionId, streamId }: StreamRecord) {
  return { id, route, upstream, protocol, connectionId, streamId: protocol === "h2" ? streamId : undefined };
}

function carriedBy({ openedAt, toUpstream, toClient }: StreamRecord, now: number) {
  return {
    durationMs: roundMs(now - openedAt),
    bytesToUpstream: toUpstream.bytes,
    messagesToUpstream: messagesOf(toUpstream),
    framesToUpstream: framesOf(toUpstream),
    bytesToClient: toClient.bytes,
    messagesToClient: messagesOf(toClient),
    framesToClient: framesOf(toClient),
  };
}

function named(route: string): string {
  return route === "" ? "none" : route;
}

/** Microseconds are enough, and a float's tail is none's business. */
function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** ISO 8601 in UTC, which every log pipeline reads and sorts. */
function timeOf(now: number): string {
  return new Date(now).toISOString();
}
