/** So many at once, and so many more each second in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How many clients are known at once at most: some 10 MB. */
const MaxClients = 65_536;

/** Times are floating-point numbers: the last token of a burst must not fail for a rounding. */
const RoundingMs = 0.001;

/**
 * How fast each client may open WebSockets: a token bucket for each. Kept of a client is the time at which its bucket will
 * be full again (GCRA), so there is nothing to refill, and a client whose time has come is as good as one never seen.
 *
 * There are two generations of clients, and the older one is dropped whole: when so much time has passed that all its buckets
 * are full, or else when half of {@link MaxClients} others came meanwhile: then a client has a full bucket too early. To
 * refuse newcomers instead would let whoever has many addresses lock everybody out.
 */
export class OpeningRate {
  /** Milliseconds of `now` by client: of those who asked since the last turn, and since the one before. */
  #recent = new Map<string, number>();
  #earlier: ReadonlyMap<string, number> = new Map();
  #turnedAt = -Infinity;
  readonly #maxClients: number;
  #rate: Rate | undefined;

  constructor(rate: Rate | undefined, maxClients = MaxClients) {
    this.#rate = rate;
    this.#maxClients = maxClients;
  }

  /** How many entries it keeps. */
  get size(): number {
    return this.#recent.size + this.#earlier.size;
  }

  /** Another rate for everybody from now on. What a client has used up counts on, up to the new burst. */
  update(rate: Rate | undefined): void {
    this.#rate = rate;
    if (rate !== undefined) return;
    this.#recent = new Map();
    this.#earlier = new Map();
  }

  /** Takes a token of `client` and returns 0, or returns the milliseconds until there is one. `now` never steps back. */
  take(client: string, now: number): number {
    if (this.#rate === undefined) return 0;
    const tokenMs = 1000 / this.#rate.perSecond;
    const bucketMs = tokenMs * this.#rate.burst;
    const fullAt = this.#recent.get(client) ?? this.#earlier.get(client) ?? now;
    const usedMs = Math.min(bucketMs, Math.max(0, fullAt - now));
    const waitMs = usedMs + tokenMs - bucketMs;
    const isTaken = waitMs < RoundingMs;
    if (now - this.#turnedAt >= bucketMs || this.#recent.size >= this.#maxClients / 2) this.#turn(now);
    this.#recent.set(client, now + usedMs + (isTaken ? tokenMs : 0));
    return isTaken ? 0 : waitMs;
  }

  #turn(now: number): void {
    this.#earlier = this.#recent;
    this.#recent = new Map();
    this.#turnedAt = now;
  }
}
