import { DefaultWindowBytes } from "./h2-codes.ts";
import type { RoundTrips } from "./round-trips.ts";

/** How fast a stream drains is measured over a round trip, and over so long at least. */
const MinMeasureMs = 5;
/** A grant for each read would be a frame for each frame, and one for half a window would leave half of it unused. */
const GrantsPerWindow = 8;
/** How fast a window grows until it is as large as the path. */
const RampFactor = 2;

/** What all streams of a connection have in common. */
export interface WindowGrowth {
  /** How large a window may become. */
  readonly maxBytes: number;
  readonly roundTrips: RoundTrips;
  readonly nowMs: () => number;
}

/** What a stream begins with, as SETTINGS_INITIAL_WINDOW_SIZE says it. */
export function firstWindowBytes(maxBytes: number): number {
  return Math.min(DefaultWindowBytes, maxBytes);
}

/**
 * The window of a stream for what its peer sends (RFC 9113 §6.9), given back as it is read. It grows to what is read in a
 * round trip, and little more: so a stream that drains is not held back by it, and what waits on the way stays little. What
 * was granted is never taken back.
 *
 *     ramping: doubled in each round trip ──larger than the path──▶ settled: a little more than the path, growing with it
 *        ▲────────────────── that is no more than the first ─────────┘
 */
export class StreamReceiveWindow {
  readonly #growth: WindowGrowth;
  #windowBytes: number;
  /** What the peer may send before it is granted more. */
  #left: number;
  /** Came, and is not read. */
  #unread = 0;
  /** Read since the last grant that was thought of. */
  #read = 0;
  #isRamping = true;
  /** The measure under way: since when, and what has been read since. */
  #measuredMs = 0;
  #measuredBytes = 0;

  /** @param leftBytes - more than the first window where the peer has not heard of that yet. */
  constructor(growth: WindowGrowth, leftBytes: number) {
    this.#growth = growth;
    this.#windowBytes = firstWindowBytes(growth.maxBytes);
    this.#left = leftBytes;
  }

  /** The peer sends `bytes`, padding among them; `false` if it may not. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    this.#unread += bytes;
    return this.#left >= 0;
  }

  /** The peer has heard that it may send `bytes` less (§6.9.2); returns what is to be granted for what it sent before. */
  withdraw(bytes: number): number {
    this.#left -= bytes;
    return this.#grant();
  }

  /** `bytes` of what came have been read; returns what is to be granted now: 0 for nothing yet. */
  consume(bytes: number): number {
    this.#unread -= bytes;
    this.#read += bytes;
    if (this.#read * GrantsPerWindow < this.#windowBytes) return 0;
    this.#measure(this.#read);
    this.#read = 0;
    return this.#grant();
  }

  #grant(): number {
    const granted = Math.max(0, this.#windowBytes - this.#left - this.#unread);
    this.#left += granted;
    return granted;
  }

  #measure(bytes: number): void {
    const { maxBytes, roundTrips, nowMs } = this.#growth;
    if (this.#windowBytes >= maxBytes && !this.#isRamping) return;
    this.#measuredBytes += bytes;
    const now = nowMs();
    const elapsedMs = now - this.#measuredMs;
    if (elapsedMs < Math.max(roundTrips.shortestMs, MinMeasureMs)) return;
    const bytesPerMs = this.#measuredBytes / elapsedMs;
    this.#measuredMs = now;
    this.#measuredBytes = 0;
    this.#windowBytes = this.#fitting(bytesPerMs);
  }

  /** The window for a stream from which so much is read. */
  #fitting(bytesPerMs: number): number {
    const { maxBytes, roundTrips } = this.#growth;
    const firstBytes = firstWindowBytes(maxBytes);
    const enoughBytes = Math.ceil(bytesPerMs * roundTrips.toleratedMs);
    if (enoughBytes > this.#windowBytes) {
      const rampBytes = this.#isRamping ? Math.ceil(bytesPerMs * roundTrips.shortestMs * RampFactor) : 0;
      return Math.min(Math.max(enoughBytes, rampBytes), maxBytes);
    }
    if (!this.#isRamping) return this.#windowBytes;
    this.#isRamping = enoughBytes <= firstBytes;
    return Math.max(enoughBytes, firstBytes);
  }
}
