import type { CheckedEcho } from "./checked-echo.ts";

const MessageBytes = 100;
const EveryMs = 100;
const Groups = 10;

/** Keeps a small message under way on each of many streams, ten a second, and writes down how long each took. */
export class RoundTrips {
  readonly #streams: readonly TimedEcho[];
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #tripsMs: number[] = [];

  /** @param echoes - open, with nothing under way. */
  constructor(echoes: readonly CheckedEcho[]) {
    this.#streams = echoes.map((echo) => new TimedEcho(echo, (tripMs) => this.#tripsMs.push(tripMs)));
    // A part of them at a time, so that they do not wait for one another.
    this.#timer = setInterval(() => this.#sendSome(), EveryMs / Groups);
  }

  /** How long the round trips took that ended since the last call, and how long those have taken that are under way. */
  take(): number[] {
    const nowMs = performance.now();
    const taken = [...this.#tripsMs, ...this.#streams.flatMap((stream) => stream.lastingMs(nowMs) ?? [])];
    this.#tripsMs = [];
    return taken;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sendSome(): void {
    this.#turn = (this.#turn + 1) % Groups;
    for (let at = this.#turn; at < this.#streams.length; at += Groups) this.#streams[at]?.send();
  }
}

/** One stream, on which one message at a time is under way. */
class TimedEcho {
  readonly #echo: CheckedEcho;
  #sentAtMs: number | undefined;

  constructor(echo: CheckedEcho, onTrip: (tripMs: number) => void) {
    this.#echo = echo;
    echo.onEcho = () => {
      if (this.#sentAtMs !== undefined) onTrip(performance.now() - this.#sentAtMs);
      this.#sentAtMs = undefined;
    };
  }

  lastingMs(nowMs: number): number | undefined {
    return this.#sentAtMs === undefined ? undefined : nowMs - this.#sentAtMs;
  }

  send(): void {
    if (this.#sentAtMs !== undefined) return;
    this.#sentAtMs = performance.now();
    this.#echo.send(MessageBytes);
  }
}

/** The least of `values` that a share of `share` is not above; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
