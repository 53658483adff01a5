import { messagesOf } from "./traffic-sums.ts";
import { steadyNow, type StreamObserver, type StreamRecord, type StreamRegistry } from "./stream-registry.ts";

/** How often one looks at all streams while somebody wants to see them, and while nobody does. */
const WatchedMs = 1_000;
const UnwatchedMs = 10_000;
/** For so long after a question somebody is taken to be there; a scraper asks each minute at the least. */
const AttentionMs = 70_000;
/** A rate follows what passes with this time constant: most of it is of the last five seconds. */
const RateMs = 2_500;

/** How fast a WebSocket is, a second. */
export interface StreamRates {
  readonly bytesToUpstream: number;
  readonly messagesToUpstream: number;
  readonly bytesToClient: number;
  readonly messagesToClient: number;
}

/**
 * How fast a stream is, by what was counted when it was looked at last. There is one for each live stream: its times are whole
 * milliseconds since the opening, which take less memory than those since the epoch.
 */
class Pulse implements StreamRates {
  bytesToUpstream = 0;
  messagesToUpstream = 0;
  bytesToClient = 0;
  messagesToClient = 0;
  atMs = 0;
  activeAtMs = 0;
  #countedToUpstream = 0;
  #countedToClient = 0;
  #messagesToUpstream = 0;
  #messagesToClient = 0;
  /** Whether nothing passed for so long that all rates are 0. */
  #isAtRest = true;

  /** Whether nothing has passed since then. */
  isStill({ toUpstream, toClient }: StreamRecord): boolean {
    return this.#countedToUpstream === toUpstream.bytes && this.#countedToClient === toClient.bytes;
  }

  /** Looks anew. @param weight - of what has passed since the last time, against what was before. */
  take(record: StreamRecord, ageMs: number, weight: number): void {
    const isStill = this.isStill(record);
    // As are most, where there are many: a look at one costs two comparisons.
    if (!isStill || !this.#isAtRest) this.#follow(record, ageMs - this.atMs, weight);
    if (!isStill) this.activeAtMs = ageMs;
    this.atMs = ageMs;
  }

  #follow({ toUpstream, toClient }: StreamRecord, passedMs: number, weight: number): void {
    const messagesToUpstream = messagesOf(toUpstream);
    const messagesToClient = messagesOf(toClient);
    const next = (rate: number, passed: number): number => {
      const followed = rate + ((passed * 1_000) / passedMs - rate) * weight;
      return followed < 0.005 ? 0 : followed;
    };
    this.bytesToUpstream = next(this.bytesToUpstream, toUpstream.bytes - this.#countedToUpstream);
    this.bytesToClient = next(this.bytesToClient, toClient.bytes - this.#countedToClient);
    this.messagesToUpstream = next(this.messagesToUpstream, messagesToUpstream - this.#messagesToUpstream);
    this.messagesToClient = next(this.messagesToClient, messagesToClient - this.#messagesToClient);
    this.#countedToUpstream = toUpstream.bytes;
    this.#countedToClient = toClient.bytes;
    this.#messagesToUpstream = messagesToUpstream;
    this.#messagesToClient = messagesToClient;
    const sum = this.bytesToUpstream + this.bytesToClient + this.messagesToUpstream + this.messagesToClient;
    this.#isAtRest = sum === 0;
  }
}

/**
 * How fast each live stream is and since when nothing has passed on it, told from its counters by looking at all of them each
 * second while somebody asks, and each ten seconds otherwise: so exact is what it says. Frames cost nothing.
 */
export class StreamActivity implements StreamObserver {
  readonly #streams: StreamRegistry;
  readonly #now: () => number;
  readonly #pulses = new Map<StreamRecord, Pulse>();
  #askedAt = -Infinity;
  #sweptAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** Observes `streams`; `now` is their clock. It has a timer while there are some, which keeps no process alive. */
  constructor(streams: StreamRegistry, now: () => number = steadyNow) {
    this.#streams = streams;
    this.#now = now;
    streams.observe(this);
  }

  opened(): void {
    if (this.#timer === undefined) this.#wait();
  }

  closed(record: StreamRecord): void {
    this.#pulses.delete(record);
    if (this.#streams.live.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Somebody wants to see streams: what is told now is of this second, and for a while from now on. */
  ask(): void {
    const now = this.#now();
    const wasWatched = this.#isWatched(now);
    this.#askedAt = now;
    if (now - this.#sweptAt >= WatchedMs) this.#sweep(now);
    if (wasWatched || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#wait();
  }

  /** As it was when all were looked at last; a stream that opened since then is measured from its beginning. */
  ratesOf(record: StreamRecord): StreamRates {
    return this.#pulses.get(record) ?? this.#look(record, this.#now());
  }

  /** Milliseconds since something passed on it, or `undefined` where nothing ever did. */
  tryIdleMs(record: StreamRecord, now: number): number | undefined {
    if (record.toUpstream.bytes + record.toClient.bytes === 0) return undefined;
    const pulse = this.#pulses.get(record);
    return pulse?.isStill(record) === true ? Math.max(0, now - record.openedAt - pulse.activeAtMs) : 0;
  }

  #isWatched(now: number): boolean {
    return now - this.#askedAt < AttentionMs;
  }

  #wait(): void {
    const waitMs = this.#isWatched(this.#now()) ? WatchedMs : UnwatchedMs;
    this.#timer = setTimeout(() => {
      this.#sweep(this.#now());
      this.#wait();
    }, waitMs).unref();
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const record of this.#streams.live) this.#look(record, now);
  }

  #look(record: StreamRecord, now: number): Pulse {
    let pulse = this.#pulses.get(record);
    const isNew = pulse === undefined;
    if (pulse === undefined) this.#pulses.set(record, (pulse = new Pulse()));
    // A stream of this very moment has no rate yet.
    const ageMs = Math.round(now - record.openedAt);
    const passedMs = ageMs - pulse.atMs;
    if (passedMs <= 0) return pulse;
    pulse.take(record, ageMs, isNew ? 1 : 1 - Math.exp(-passedMs / RateMs));
    return pulse;
  }
}
