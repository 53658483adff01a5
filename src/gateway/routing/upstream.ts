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

  /** How many addresses there are. */
  get size(): number {
    return this.#addresses.length;
  }

  /** The address whose turn it is: round robin, whatever became of the one before. */
  next(): AddressConfig {
    const address = this.#addresses[this.#turn % this.#addresses.length]!;
    this.#turn = (this.#turn + 1) % this.#addresses.length;
    return address;
  }
}
