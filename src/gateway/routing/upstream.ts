import type { AddressConfig, HostField, UpstreamConfig } from "../config/config.ts";

/** A group of equal backends, used in turn. */
export class Upstream {
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly #addresses: readonly AddressConfig[];
  #turn = 0;

  /** `config` has at least one address. */
  constructor(config: UpstreamConfig) {
    this.name = config.name;
    this.connectTimeoutMs = config.connectTimeoutMs;
    this.answerTimeoutMs = config.answerTimeoutMs;
    this.#addresses = config.addresses;
  }

  /** The address whose turn it is: round robin, whatever became of the one before. */
  next(): AddressConfig {
    const address = this.#addresses[this.#turn % this.#addresses.length]!;
    this.#turn = (this.#turn + 1) % this.#addresses.length;
    return address;
  }
}

/** The `Host` field for an upstream: `hostField` decides between the client's authority, the address's own and a fixed one. */
export function upstreamAuthority(hostField: HostField, clientAuthority: string, address: AddressConfig): string {
  switch (hostField.type) {
    case "keep":
      return clientAuthority;
    case "upstream":
      return address.authority;
    case "literal":
      return hostField.authority;
    default:
      return hostField satisfies never;
  }
}
