import type { AddressConfig, UpstreamConfig } from "../config/config.ts";

/** A group of equal backends, used in turn. */
export class Upstream {
  readonly name: string;
  /** Deadlines of one dial, in milliseconds. */
  readonly timeouts: { readonly connectTimeoutMs: number; readonly answerTimeoutMs: number };
  readonly #addresses: readonly AddressConfig[];
  #turn = 0;

  /** `config` has at least one address. */
  constructor({ name, addresses, connectTimeoutMs, answerTimeoutMs }: UpstreamConfig) {
    this.name = name;
    this.timeouts = { connectTimeoutMs, answerTimeoutMs };
    this.#addresses = addresses;
  }

  /**
   * Every address once, in the order in which one opening may try them: first the one whose turn it is, round robin
   * whatever became of the ones before. Other openings do not disturb it.
   */
  inTurn(): readonly AddressConfig[] {
    const first = this.#turn;
    this.#turn = (first + 1) % this.#addresses.length;
    return [...this.#addresses.slice(first), ...this.#addresses.slice(0, first)];
  }
}
