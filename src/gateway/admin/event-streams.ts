import type { ServerResponse } from "node:http";

/** People who look on; each costs a connection and a queue. */
const MaxOpen = 16;
/** What may wait for a reader: then events are left out. */
const MaxQueuedBytes = 262_144;

/** In milliseconds. */
export interface EventStreamTimes {
  /** Between two comments that keep what is in between from closing it. */
  readonly heartbeatMs: number;
  /** How long a reader may take nothing of what waits for it. */
  readonly stallMs: number;
}

const Times: EventStreamTimes = { heartbeatMs: 15_000, stallMs: 20_000 };

/** The answers that are Server-Sent Events (WHATWG HTML §9.2), all that are open. */
export class EventStreams {
  readonly #times: EventStreamTimes;
  readonly #open = new Set<EventStream>();

  constructor(times = Times) {
    this.#times = times;
  }

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.#open.size < MaxOpen;
  }

  /** Writes events to `response` from now on. `onEnd` is called once, when it has ended, whoever ended it. */
  open(response: ServerResponse, onEnd: () => void): EventStream {
    const stream: EventStream = new EventStream(response, this.#times, () => {
      this.#open.delete(stream);
      onEnd();
    });
    this.#open.add(stream);
    return stream;
  }

  /** Ends all. */
  end(): void {
    for (const stream of this.#open) stream.end();
  }
}

/**
 * One of them. It never waits for its reader: what comes while 256 KiB are unread is left out, and counted in an event
 * `missed` behind it. A reader that takes nothing for `stallMs` is cut off.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #stallMs: number;
  #stall: NodeJS.Timeout | undefined;
  #missed = 0;

  constructor(response: ServerResponse, { heartbeatMs, stallMs }: EventStreamTimes, onEnd: () => void) {
    this.#response = response;
    this.#stallMs = stallMs;
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), heartbeatMs).unref();
    response.on("drain", () => this.#drained());
    response.once("close", () => {
      clearInterval(this.#heartbeat);
      clearTimeout(this.#stall);
      onEnd();
    });
    // So that who asked has the head of the answer at once, and knows that it listens.
    this.#write(":\n\n");
  }

  /** Sends `data` as JSON in an event of `type`. */
  send(type: string, data: unknown): void {
    if (this.#response.writableLength > MaxQueuedBytes) {
      this.#missed += 1;
      return;
    }
    this.#tellMissed();
    this.#write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends it behind what was sent. */
  end(): void {
    this.#tellMissed();
    this.#response.end();
    this.#watch();
  }

  #tellMissed(): void {
    const count = this.#missed;
    this.#missed = 0;
    if (count > 0) this.#write(`event: missed\ndata: ${JSON.stringify({ type: "missed", at: Date.now(), count })}\n\n`);
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (!this.#response.write(text)) this.#watch();
  }

  /** From the first byte that waits to the last that was taken. */
  #watch(): void {
    this.#stall ??= setTimeout(() => this.#response.destroy(), this.#stallMs).unref();
  }

  #drained(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#tellMissed();
  }
}
