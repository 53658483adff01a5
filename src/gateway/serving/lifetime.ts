import { CloseCode } from "../../protocol/close-code.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { StreamLimits } from "../config/config.ts";

/** What a {@link Lifetime} watches, and whom it tells. */
export interface LifetimeOptions {
  readonly limits: Pick<StreamLimits, "idleMs" | "maxAgeMs" | "maxAgeJitter">;
  /** What passes on the stream. */
  readonly traffic: readonly Traffic[];
  /** From 0 up to 1, without 1. */
  readonly random: () => number;
  /** Told once, at most. */
  onOver(why: "idle" | "max-age"): void;
}

/** What a client is told by the Close that ends its stream's lifetime. */
export const OverCode = { idle: CloseCode.GoingAway, "max-age": CloseCode.ServiceRestart } as const;

/** How often in `idleMs` a stream is looked at: so much later, at most, an idle one is found. */
const LooksPerIdleTime = 4;

/**
 * Watches how long a stream lives and how long nothing passes on it, with one timer. It compares counters, so that frames
 * cost nothing. Times are added up from timers, so no clock that is set anew disturbs it.
 */
export class Lifetime {
  /** Whether there is something to watch: a stream that may live as it likes needs none. */
  static isLimited({ idleMs, maxAgeMs }: LifetimeOptions["limits"]): boolean {
    return idleMs !== undefined || maxAgeMs !== undefined;
  }

  readonly #options: LifetimeOptions;
  readonly #idleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #restMs: number;
  #quietMs = 0;
  #seenBytes = 0;

  constructor(options: LifetimeOptions) {
    this.#options = options;
    const { idleMs, maxAgeMs, maxAgeJitter } = options.limits;
    this.#idleMs = idleMs ?? Infinity;
    this.#restMs = Math.round((maxAgeMs ?? Infinity) * (1 - maxAgeJitter * options.random()));
    this.#wait();
  }

  /** The stream is over; no timer is left. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const waitMs = Math.min(this.#restMs, Math.ceil(this.#idleMs / LooksPerIdleTime));
    if (waitMs < Infinity) this.#timer = setTimeout(() => this.#look(waitMs), waitMs);
  }

  #look(waitedMs: number): void {
    const bytes = this.#options.traffic.reduce((sum, traffic) => sum + traffic.bytes, 0);
    this.#quietMs = bytes === this.#seenBytes ? this.#quietMs + waitedMs : 0;
    this.#seenBytes = bytes;
    this.#restMs -= waitedMs;
    if (this.#restMs <= 0) this.#options.onOver("max-age");
    else if (this.#quietMs >= this.#idleMs) this.#options.onOver("idle");
    else this.#wait();
  }
}
