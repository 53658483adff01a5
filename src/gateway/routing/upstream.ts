import { isIP } from "node:net";
import type { DialTarget } from "../../transport/upstream-connecting.ts";
import { createReadBuffer } from "../../transport/socket-events.ts";
import { StandingCounts } from "../../transport/standing-counts.ts";
import { trySecure } from "../../transport/upstream-address.ts";
import type { AddressConfig, UpstreamConfig } from "../config/config.ts";

/** A group of equal backends, used in turn. */
export class Upstream {
  readonly name: string;
  /** Deadlines of one dial, in milliseconds. */
  readonly timeouts: { readonly connectTimeoutMs: number; readonly answerTimeoutMs: number };
  /** Its connections, whatever is asked on them. */
  readonly connections = new StandingCounts();
  readonly #targets: ReadonlyMap<AddressConfig, Turns<DialTarget>>;
  readonly #turns: Turns<AddressConfig>;

  /** `config` has at least one address. */
  constructor({ name, addresses, sourceAddresses, connectTimeoutMs, answerTimeoutMs }: UpstreamConfig) {
    this.name = name;
    this.timeouts = { connectTimeoutMs, answerTimeoutMs };
    this.#turns = new Turns(addresses);
    this.#targets = new Map(
      addresses.map((address) => [address, new Turns(this.#targetsOf(address, sourceAddresses))]),
    );
  }

  /**
   * Every address once, in the order in which one opening may try them: first the one whose turn it is, round robin
   * whatever became of the ones before. Other openings do not disturb it.
   */
  inTurn(): readonly AddressConfig[] {
    return this.#turns.next();
  }

  /** The ways to dial `address`, one of `inTurn`: from each source address once, in turn as well. */
  targetsInTurn(address: AddressConfig): readonly DialTarget[] {
    return this.#targets.get(address)?.next() ?? [];
  }

  /** From a source address only an address of its family can be reached; where none fits, the system chooses. */
  #targetsOf(address: AddressConfig, sourceAddresses: readonly string[]): readonly DialTarget[] {
    const { transport } = address;
    const secure = trySecure(address);
    const readBuffer = createReadBuffer();
    const family = transport.type === "tcp" ? isIP(transport.host) : 0;
    const fitting = sourceAddresses.filter((source) => family === 0 || isIP(source) === family);
    const sources = transport.type === "unix" || fitting.length === 0 ? [undefined] : fitting;
    const { connections: counts } = this;
    return sources.map((sourceAddress) => ({ address, secure, sourceAddress, readBuffer, counts }));
  }
}

/** Equal things, each of them first as often as the others. */
class Turns<T> {
  readonly #all: readonly T[];
  #turn = 0;

  constructor(all: readonly T[]) {
    this.#all = all;
  }

  /** All of them, beginning with the one whose turn it is. */
  next(): readonly T[] {
    if (this.#all.length === 1) return this.#all;
    const first = this.#turn;
    this.#turn = (first + 1) % this.#all.length;
    return [...this.#all.slice(first), ...this.#all.slice(0, first)];
  }
}
