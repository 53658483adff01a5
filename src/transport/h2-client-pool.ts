import { H2Client, type H2ClientOptions, type H2ClientOwner } from "./h2-client.ts";
import { Connecting, type ConnectResult, type DialTarget, type StandingConnection } from "./upstream-connecting.ts";

/** Who waits for a stream on a shared connection. One of these is told, once, also from within `enter`. */
export interface PoolWaiter {
  /** There is room for a stream on `client`, as long as the call lasts. */
  onClient(client: H2Client): void;
  /**
   * There is no HTTP/2 that takes WebSockets. A connection on which HTTP/1.1 was agreed on instead is given to one of those
   * who wait, and is its own then.
   */
  onHttp1(standing: StandingConnection | undefined): void;
  onFailed(result: Exclude<ConnectResult, StandingConnection>): void;
}

/** How a pool keeps its connections. */
export interface H2PoolOptions extends H2ClientOptions {
  /** How many there may be on which streams can be opened: whoever finds all of them full waits. */
  readonly maxClients: number;
}

/**
 * The HTTP/2 connections to one server, reached in one way. Its streams share the first that has room; where all are full a
 * further one is opened, one at a time, and those who come meanwhile wait for the same. Who waits is served in order.
 */
export class H2ClientPool implements H2ClientOwner {
  readonly #target: DialTarget;
  readonly #options: H2PoolOptions;
  readonly #onNoHttp2: () => void;
  readonly #waiting = new Set<PoolWaiter>();
  /** Those on which a stream may be opened, or could be if they were not full. */
  readonly #open = new Set<H2Client>();
  /** Those that end behind their last stream. */
  readonly #leaving = new Set<H2Client>();
  /** The further one, until its SETTINGS are there. */
  #next: Connecting | H2Client | undefined;

  /** @param onNoHttp2 - told when the server has said that it takes no WebSockets over HTTP/2. */
  constructor(target: DialTarget, options: H2PoolOptions, onNoHttp2: () => void) {
    this.#target = target;
    this.#options = options;
    this.#onNoHttp2 = onNoHttp2;
  }

  /** Whether it has no connection, and nobody waits for one. */
  get isUnused(): boolean {
    return this.#open.size + this.#leaving.size + this.#waiting.size === 0 && this.#next === undefined;
  }

  /** @throws RangeError for a port that is none. */
  enter(waiter: PoolWaiter): void {
    this.#waiting.add(waiter);
    this.#serve();
  }

  /** `waiter` waits no longer. Where it was the last one, nothing is opened for it any more. */
  leave(waiter: PoolWaiter): void {
    if (!this.#waiting.delete(waiter) || this.#waiting.size > 0) return;
    const next = this.#next;
    this.#next = undefined;
    if (next instanceof Connecting) next.abort();
    else next?.destroy();
  }

  /** Ends all connections now. Who waits is told that it was aborted. */
  destroy(): void {
    const waiting = this.#takeWaiting();
    if (this.#next instanceof Connecting) this.#next.abort();
    else this.#next?.destroy();
    for (const client of [...this.#open, ...this.#leaving]) client.destroy();
    for (const waiter of waiting) waiter.onFailed({ type: "aborted" });
  }

  onSettings(client: H2Client): void {
    this.#next = undefined;
    if (client.takesWebSockets) {
      this.#open.add(client);
      this.#serve();
      return;
    }
    client.destroy();
    this.#onNoHttp2();
    this.#fallBack(undefined);
  }

  onRoom(): void {
    this.#serve();
  }

  onLeaving(client: H2Client): void {
    if (!this.#open.delete(client)) return;
    this.#leaving.add(client);
    this.#serve();
  }

  onClosed(client: H2Client): void {
    this.#leaving.delete(client);
    if (this.#next !== client) return;
    this.#next = undefined;
    this.#fallBack(undefined);
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      const client = this.#findRoom();
      if (client === undefined) break;
      this.#waiting.delete(waiter);
      waiter.onClient(client);
    }
    if (this.#waiting.size > 0 && this.#mayGrow()) this.#grow();
  }

  #findRoom(): H2Client | undefined {
    for (const client of this.#open) if (client.hasRoom) return client;
    return undefined;
  }

  /** Where not even one stream is allowed, a further connection would be of no use. */
  #mayGrow(): boolean {
    if (this.#next !== undefined || this.#open.size >= this.#options.maxClients) return false;
    return [...this.#open].every((client) => !client.isEmpty);
  }

  #grow(): void {
    const connecting = new Connecting(this.#target, (result) => {
      if (this.#next !== connecting) return;
      this.#next = undefined;
      if (result.type === "connected") this.#onConnected(result);
      else for (const waiter of this.#takeWaiting()) waiter.onFailed(result);
    });
    this.#next = connecting;
  }

  #onConnected(standing: StandingConnection): void {
    const { socket } = standing;
    // Where there is no TLS, it is known beforehand that the server speaks it (RFC 9113 §3.3).
    const isHttp2 = this.#target.secure === undefined || ("alpnProtocol" in socket && socket.alpnProtocol === "h2");
    if (isHttp2) {
      this.#next = new H2Client(standing, this.#options, this);
      return;
    }
    this.#onNoHttp2();
    this.#fallBack(standing);
  }

  #fallBack(standing: StandingConnection | undefined): void {
    let rest = standing;
    for (const waiter of this.#takeWaiting()) {
      waiter.onHttp1(rest);
      rest = undefined;
    }
    rest?.socket.destroy();
  }

  #takeWaiting(): readonly PoolWaiter[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }
}
