import type { EventFields, LogFormat, LogLevel, RefusedOpening } from "./log-format.ts";
import type { RequestOutcome } from "./request-metrics.ts";
import {
  closedLine,
  eventLine,
  failedLine,
  openedLine,
  refusedLine,
  requestLine,
  stillOpenLine,
  type LineStyle,
} from "./text-line.ts";
import type { StreamClose, StreamRecord } from "./stream-registry.ts";

/** The log for people. */
export class TextLines implements LogFormat {
  readonly #write: (line: string) => void;
  readonly #style: LineStyle;
  readonly #worker: string;

  /**
   * @param write - takes one line with its end.
   * @param style - each line begins with the number of `worker`, if that is told.
   */
  constructor(
    write: (line: string) => void,
    { worker, ...style }: LineStyle & { readonly worker?: number | undefined },
  ) {
    this.#write = write;
    this.#style = style;
    this.#worker = worker === undefined ? "" : `[${worker}] `;
  }

  streamOpened(record: StreamRecord, openStreams: number, now: number): void {
    this.#line(openedLine(record, openStreams, now, this.#style));
  }

  streamOpen(record: StreamRecord, now: number): void {
    this.#line(stillOpenLine(record, now, this.#style));
  }

  streamClosed(record: StreamRecord, close: StreamClose, now: number): void {
    this.#line(closedLine(record, close, now, this.#style));
  }

  openingRefused(refused: RefusedOpening, now: number): void {
    this.#line(refusedLine(refused, now, this.#style));
  }

  requestOver(request: RequestOutcome, now: number): void {
    this.#line(requestLine(request, now, this.#style));
  }

  handlerFailed(route: string, failure: unknown, now: number): void {
    this.#line(failedLine(route, failure, now, this.#style));
  }

  event(level: LogLevel, msg: string, _fields: EventFields, _now: number): void {
    this.#line(eventLine(level, msg, this.#style));
  }

  #line(text: string): void {
    this.#write(`${this.#worker}${text}\n`);
  }
}
