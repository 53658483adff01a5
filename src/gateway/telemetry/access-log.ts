import type { LogConfig } from "../config/config.ts";
import { BoundedOutput, type LineOutput } from "./bounded-output.ts";
import { JsonLines } from "./json-lines.ts";
import type { EventFields, LogFormat, LogLevel, RefusedOpening } from "./log-format.ts";
import { OpenStreamSweep } from "./open-stream-sweep.ts";
import type { RequestOutcome } from "./request-metrics.ts";
import { steadyNow, type StreamClose, type StreamObserver, type StreamRecord } from "./stream-registry.ts";
import { TextLines } from "./text-lines.ts";

/** What an {@link AccessLog} is made of. */
export interface AccessLogOptions {
  /** What `auto` means here: `text` for people, `json` for programs, one object a line. */
  readonly format: "json" | "text";
  readonly output: LineOutput;
  /** Draws text with ANSI colours. */
  readonly colour?: boolean;
  /** The number of the worker this is, which each line says; `undefined` where there is but one process. */
  readonly worker?: number | undefined;
  /** Milliseconds since the epoch: the clock of the stream registry. */
  readonly now?: () => number;
}

/**
 * The log of a gateway, and the observer of its streams: who came and what became of it, and what happened to the process.
 * Nothing in it was said by a client. It never waits for its reader: lines that nobody reads in time are dropped and counted.
 */
export class AccessLog implements StreamObserver {
  readonly #output: BoundedOutput;
  readonly #formats: Readonly<Record<LogConfig["format"], LogFormat>>;
  readonly #now: () => number;
  readonly #sweep: OpenStreamSweep;
  #lines: LogFormat;
  #logsRequests = true;

  constructor({ format, output, colour = false, worker, now = steadyNow }: AccessLogOptions) {
    this.#now = now;
    this.#output = new BoundedOutput(output, (count) =>
      this.event("warn", `lines that nobody read in time: ${count}`, { droppedLines: count }),
    );
    const write = (line: string) => this.#output.write(line);
    const formats = { json: new JsonLines(write, { worker }), text: new TextLines(write, { colour, worker }) };
    this.#formats = { ...formats, auto: formats[format] };
    this.#lines = this.#formats.auto;
    this.#sweep = new OpenStreamSweep((record, now) => this.#lines.streamOpen(record, now), now);
  }

  /** Lines dropped so far, since nobody read them. */
  get droppedLines(): number {
    return this.#output.dropped;
  }

  /** Follows the config from now on. Until the first call each request has a line, and no stream that stays open. */
  follow({ format, openStreamMs, requests }: LogConfig): void {
    this.#lines = this.#formats[format];
    this.#logsRequests = requests;
    this.#sweep.every(openStreamMs);
  }

  opened(record: StreamRecord, now: number): void {
    this.#sweep.opened(record, now);
    this.#lines.streamOpened(record, this.#sweep.size, now);
  }

  closed(record: StreamRecord, close: StreamClose, now: number): void {
    this.#sweep.closed(record);
    this.#lines.streamClosed(record, close, now);
  }

  /** An opening did not become a stream. */
  openingRefused(refused: RefusedOpening): void {
    this.#lines.openingRefused(refused, this.#now());
  }

  /** An ordinary HTTP request is over. */
  request(outcome: RequestOutcome): void {
    if (this.#logsRequests) this.#lines.requestOver(outcome, this.#now());
  }

  /** A handler of `route` threw `failure`, whose message stays out of the log: it may quote a client. */
  handlerFailed(route: string, failure: unknown): void {
    this.#lines.handlerFailed(route, failure, this.#now());
  }

  /** Something happened to the process. `msg` says all of it to a person; `fields` repeat it for programs. */
  event(level: LogLevel, msg: string, fields: EventFields = {}): void {
    this.#lines.event(level, msg, fields, this.#now());
  }

  /** Writes whole lines of another process, which have their form and their ends already. */
  pass(lines: string): void {
    this.#output.write(lines);
  }

  /** Tells of no more streams that stay open; resolves when all lines have left, or nobody took them for a second. */
  close(): Promise<void> {
    this.#sweep.every(undefined);
    return this.#output.flush();
  }
}
