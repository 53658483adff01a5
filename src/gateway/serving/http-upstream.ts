import type { AddressConfig, UpstreamConfig } from "../config/config.ts";
import type { Upstream } from "../routing/upstream.ts";
import { AddressConnections, type UpstreamConnection } from "./upstream-connections.ts";

/** A request that needs a connection. */
export interface ConnectionTaker {
  /** Is given the connection; must not throw. `undefined`: the upstream is gone. */
  take(connection: UpstreamConnection | undefined): void;
}

/**
 * An upstream as ordinary requests use it: its connections, kept alive and bounded per address, and the requests that wait
 * for one, first come, first served.
 */
export class HttpUpstream {
  /** From the request sent to the response's first byte, in milliseconds; also the longest wait for a connection. */
  readonly responseTimeoutMs: number;
  readonly #upstream: Upstream;
  readonly #addresses: ReadonlyMap<AddressConfig, AddressConnections>;
  readonly #maxWaiting: number;
  /** Who waits, and to which addresses, in the order they came. */
  readonly #waiting = new Map<ConnectionTaker, readonly AddressConfig[]>();
  #isDestroyed = false;

  constructor(upstream: Upstream, config: UpstreamConfig) {
    this.responseTimeoutMs = config.responseTimeoutMs;
    this.#upstream = upstream;
    this.#maxWaiting = config.maxWaiting;
    const onFree = (freed: AddressConnections): void => {
      // Later, since undici is not to be called from within the parser that tells of a response's end.
      if (this.#waiting.size > 0) queueMicrotask(() => this.#serve(freed));
    };
    this.#addresses = new Map(
      config.addresses.map((one) => [one, new AddressConnections(upstream, one, config, onFree)]),
    );
  }

  /** Every address once, in the order in which one request may try them. */
  inTurn(): readonly AddressConfig[] {
    return this.#upstream.inTurn();
  }

  /**
   * Gives `taker`, within this call, a connection to the first of `addresses` that has one free which nobody else waits for;
   * if none has, the first to one of them that becomes free and is its turn. Returns `false` if too many wait already.
   * `isFresh`: rather a new connection than one that may be dead.
   */
  connect(taker: ConnectionTaker, addresses: readonly AddressConfig[], isFresh = false): boolean {
    if (this.#isDestroyed) {
      taker.take(undefined);
      return true;
    }
    for (const address of addresses) {
      if (this.#firstFor(address) !== undefined) continue;
      const connection = this.#addresses.get(address)?.tryTake(isFresh);
      if (connection === undefined) continue;
      taker.take(connection);
      return true;
    }
    if (this.#waiting.size >= this.#maxWaiting) return false;
    this.#waiting.set(taker, addresses);
    return true;
  }

  /** `taker` waits no longer. */
  withdraw(taker: ConnectionTaker): void {
    this.#waiting.delete(taker);
  }

  /**
   * Closes connections as soon as they have no request. Resolves when all that there are now are closed; those made later, for
   * requests that still wait for one, close behind these.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#addresses.values()].map((one) => one.close()));
  }

  /** Cuts every connection; requests on them or waiting for one are told. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    const waiting = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const taker of waiting) taker.take(undefined);
    await Promise.all([...this.#addresses.values()].map((one) => one.destroy()));
  }

  #serve(freed: AddressConnections): void {
    const taker = this.#firstFor(freed.address);
    const connection = taker === undefined ? undefined : freed.tryTake();
    if (taker === undefined || connection === undefined) return;
    this.#waiting.delete(taker);
    taker.take(connection);
  }

  /** Who is the first to wait for `address`. */
  #firstFor(address: AddressConfig): ConnectionTaker | undefined {
    for (const [taker, addresses] of this.#waiting) if (addresses.includes(address)) return taker;
    return undefined;
  }
}
