import type { OpeningResult } from "./opening-result.ts";
import type { RequestOutcome } from "./request-metrics.ts";
import type { Protocol, StreamClose, StreamRecord } from "./stream-registry.ts";

/** How urgent an event of the process is. */
export type LogLevel = "info" | "warn" | "error";

/** What an event carries for programs. Names in camelCase; a number says its unit in its name. */
export type EventFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** An opening that did not become a stream. */
export interface RefusedOpening {
  /** Empty if no route matched. */
  readonly route: string;
  readonly protocol: Protocol;
  readonly result: OpeningResult;
  /** 0 where the client left before an answer, or the transport gave it by itself. */
  readonly status: number;
  /** From the request to the answer; `undefined` where the transport gave it by itself. */
  readonly seconds?: number | undefined;
  /** What was wrong with the upstream: an error code or a rule, nothing that a peer said. */
  readonly detail?: string | undefined;
}

/**
 * Writes what happens as lines. Each method writes one, but for the stack of a failure. `now` is milliseconds since the epoch,
 * by the clock of the stream registry.
 */
export interface LogFormat {
  /** `openStreams` includes the one that opened. */
  streamOpened(record: StreamRecord, openStreams: number, now: number): void;
  /** It is open still. */
  streamOpen(record: StreamRecord, now: number): void;
  streamClosed(record: StreamRecord, close: StreamClose, now: number): void;
  openingRefused(refused: RefusedOpening, now: number): void;
  requestOver(request: RequestOutcome, now: number): void;
  /** A handler of `route` threw `failure`. */
  handlerFailed(route: string, failure: unknown, now: number): void;
  /** Something happened to the process itself. `msg` says all of it to a person; `fields` repeat it for programs. */
  event(level: LogLevel, msg: string, fields: EventFields, now: number): void;
}
