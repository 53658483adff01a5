import type { H2Client, H2ClientOptions, H2ClientOwner, OpenH2Client } from "./h2-client.ts";
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
  /** Too many wait already. */
  onBusy(): void;
}

/** How a pool keeps its connections. */
export interface H2PoolOptions extends H2ClientOptions {
  /** The engine that frames them. */
  readonly openClient: OpenH2Client;
  /** How many there may be on which streams can be opened: whoever finds all of them full waits. */
  readonly maxClients: number;
  /** How many may wait for room, beside those for whom a connection is being opened. */
  readonly maxWaiting: number;
  /** How long a connection may take to stand, and its server to send SETTINGS; Infinity: as long as somebody waits. */
  readonly connectMs: number;
}

/** A connection that is being opened, until its SETTINGS are there. */
interface OpeningClient {
  step: Connecting | H2Client;
  deadline: NodeJS.Timeout | undefined;
}

/**
 * The HTTP/2 connections to one server, reached in one way. Its streams share the first that has room; where all are full
 * further ones are opened, as many as it takes for those who wait. Who waits is served in order.
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
  readonly #opening = new Set<OpeningClient>();

  /** @param onNoHttp2 - told when the server has said that it takes no WebSockets over HTTP/2. */
  constructor(target: DialTarget, options: H2PoolOptions, onNoHttp2: () => void) {
    this.#target = target;
    this.#options = options;
    this.#onNoHttp2 = onNoHttp2;
  }

  /** Whether it has no connection, and nobody waits for one. */
  get isUnused(): boolean {
    return this.#open.size + this.#leaving.size + this.#waiting.size + this.#opening.size === 0;
  }

  /** @throws RangeError for a port that is none. */
  enter(waiter: PoolWaiter): void {
    this.#waiting.add(waiter);
    this.#serve();
    const isTooMuch = this.#waiting.size > this.#options.maxWaiting + this.#expectedRoom;
    if (isTooMuch && this.#waiting.delete(waiter)) waiter.onBusy();
  }

  /** `waiter` waits no longer. Where it was the last one, nothing is opened for it any more. */
  leave(waiter: PoolWaiter): void {
    if (this.#waiting.delete(waiter) && this.#waiting.size === 0) this.#giveUpAll();
  }

  /** Its connections end behind their last streams. Who waits, or still comes, is served on others, which end like these. */
  retire(): void {
    for (const client of [...this.#open]) client.retire();
  }

  /** Ends all connections now. Who waits is told that it was aborted. */
  destroy(): void {
    const waiting = this.#takeWaiting();
    this.#giveUpAll();
    for (const client of [...this.#open, ...this.#leaving]) client.destroy();
    for (const waiter of waiting) waiter.onFailed({ type: "aborted" });
  }

  onSettings(client: H2Client): void {
    // They may be on their way when everybody has left, and it was given up: then they say nothing of the server.
    if (!this.#endOpening(client)) return;
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
    if (this.#endOpening(client)) this.#fallBack(undefined);
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      const client = this.#findRoom();
      if (client === undefined) break;
      this.#waiting.delete(waiter);
      waiter.onClient(client);
    }
    while (this.#waiting.size > this.#expectedRoom && this.#mayGrow()) this.#grow();
  }

  #findRoom(): H2Client | undefined {
    for (const client of this.#open) if (client.hasRoom) return client;
    return undefined;
  }

  /** The streams that connections on their way may have, if their server lets them. */
  get #expectedRoom(): number {
    return this.#opening.size === 0 ? 0 : this.#opening.size * this.#options.maxStreams;
  }

  /** Where not even one stream is allowed, a further connection would be of no use. */
  #mayGrow(): boolean {
    if (this.#open.size + this.#opening.size >= this.#options.maxClients) return false;
    return [...this.#open].every((client) => !client.isEmpty);
  }

  #grow(): void {
    const connecting = new Connecting(this.#target, (result) => {
      if (!this.#opening.has(opening)) return;
      if (result.type === "connected") return this.#onConnected(opening, result);
      this.#end(opening);
      this.#fail(result);
    });
    const opening: OpeningClient = { step: connecting, deadline: undefined };
    const { connectMs } = this.#options;
    if (connectMs !== Infinity) opening.deadline = setTimeout(() => this.#expire(opening), connectMs);
    this.#opening.add(opening);
  }

  #expire(opening: OpeningClient): void {
    this.#giveUp(opening);
    this.#fail({ type: "timeout" });
  }

  #onConnected(opening: OpeningClient, standing: StandingConnection): void {
    const { socket } = standing;
    // Where there is no TLS, it is known beforehand that the server speaks it (RFC 9113 §3.3).
    const isHttp2 = this.#target.secure === undefined || ("alpnProtocol" in socket && socket.alpnProtocol === "h2");
    if (isHttp2) {
      opening.step = this.#options.openClient(standing, this.#options, this);
      return;
    }
    this.#end(opening);
    this.#onNoHttp2();
    this.#fallBack(standing);
  }

  /** `client` is not being opened any more; returns whether it was. */
  #endOpening(client: H2Client): boolean {
    for (const opening of this.#opening) if (opening.step === client) return this.#end(opening);
    return false;
  }

  #end(opening: OpeningClient): boolean {
    clearTimeout(opening.deadline);
    return this.#opening.delete(opening);
  }

  #giveUp(opening: OpeningClient): void {
    this.#end(opening);
    if (opening.step instanceof Connecting) opening.step.abort();
    else opening.step.destroy();
  }

  #giveUpAll(): void {
    for (const opening of [...this.#opening]) this.#giveUp(opening);
  }

  #fail(result: Exclude<ConnectResult, StandingConnection>): void {
    for (const waiter of this.#takeWaiting()) waiter.onFailed(result);
  }

  #fallBack(standing: StandingConnection | undefined): void {
    this.#giveUpAll();
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
