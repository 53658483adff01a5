import type { EventEmitter } from "node:events";
import { Client, type Dispatcher } from "undici";
import { exhaustedLimitOf } from "../../transport/dialer.ts";
import { resetSocket } from "../../transport/reset-socket.ts";
import { connectUpstream, type DialTarget } from "../../transport/upstream-connecting.ts";
import type { AddressConfig, UpstreamConfig } from "../config/config.ts";
import type { Upstream } from "../routing/upstream.ts";

/** As the connector does what is below HTTP, TLS too, undici needs no more of an address than that it is HTTP. */
const Origin = "http://upstream.invalid";

const MaxHeaderBytes = 16_384;

type ConnectionDone = Parameters<typeof connectUpstream>[2];

interface Sockets {
  /** What undici reads and writes: TLS, or the same as `connection`. */
  readonly socket: Parameters<ConnectionDone>[1];
  /** The TCP or unix socket. */
  readonly connection: Parameters<ConnectionDone>[2];
}

/** What is the same for all connections of an upstream. */
export type ConnectionOptions = Pick<UpstreamConfig, "connectTimeoutMs" | "maxConnections">;

/**
 * One connection to one address, for one request at a time; it connects with the first. undici writes the requests and reads
 * the responses: no pipelining, and no deadline but that of the connecting.
 */
export class UpstreamConnection {
  readonly #owner: AddressConnections;
  readonly #client: Client;
  /** Of the connection it has, or had last. */
  #sockets: Sockets | undefined;
  #isOpen = false;
  #hasAnswered = false;
  #hasFailed = false;

  /** @param owner - whose connection it is, and to whom it goes back. */
  constructor(owner: AddressConnections) {
    this.#owner = owner;
    this.#client = new Client(Origin, {
      connect: (_, callback) =>
        owner.connect((error, socket, connection) => {
          if (error !== undefined) return callback(error, null);
          this.#sockets = { socket, connection };
          this.#isOpen = true;
          this.#hasAnswered = false;
          this.#hasFailed = false;
          socket.once("error", () => {
            this.#hasFailed = true;
          });
          socket.once("close", () => {
            this.#isOpen = false;
            owner.forget(this);
          });
          callback(null, socket);
        }),
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MaxHeaderBytes,
    });
    const events: EventEmitter = this.#client;
    // What undici can tell nobody else: the request it belongs to has ended, or ends with its deadline.
    events.on("error", () => void this.destroy());
  }

  get address(): AddressConfig {
    return this.#owner.address;
  }

  /** Whether it lives. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether a response has come over it already: then the upstream may have closed it while nobody used it. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Whether it was broken: what seems to end with it is not known to be whole, although undici takes it so. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Sends a request; everything else is told to `handler`, which must not throw. Takes over what `request` holds. */
  send(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(request, handler);
  }

  /**
   * Resets it, together with a request that is being abandoned. Who ends a connection in order has to keep its port for a
   * while: clients that leave again and again would use up those towards one upstream.
   */
  reset(): void {
    if (this.#sockets === undefined) return;
    const { socket, connection } = this.#sockets;
    resetSocket(connection, socket);
    // Without an error undici takes the end of the connection for that of a response without a length.
    socket.emit("error", new Error("the request was abandoned"));
  }

  /** Gives it back when its request is over. Only one that was answered to the end leaves it fit for another. */
  release(isAnswered: boolean): void {
    if (isAnswered) this.#hasAnswered = true;
    this.#owner.takeBack(this, isAnswered && !this.#hasFailed);
  }

  /** Resolves when it is closed; its request may finish before. */
  async close(): Promise<void> {
    await (this.#client.destroyed ? this.#client.destroy() : this.#client.close());
  }

  /** Cuts it; its request is told an error. */
  async destroy(): Promise<void> {
    await this.#client.destroy();
  }
}

/** The connections to one address. */
export class AddressConnections {
  readonly address: AddressConfig;
  readonly #options: ConnectionOptions;
  readonly #upstream: Upstream;
  readonly #onFree: (freed: AddressConnections) => void;
  readonly #all = new Set<UpstreamConnection>();
  /** Open and without a request; the last one used is the first to be used again. */
  readonly #idle: UpstreamConnection[] = [];
  #isClosing = false;

  /** @param onFree - told within the call that made room for another request. */
  constructor(
    upstream: Upstream,
    address: AddressConfig,
    options: ConnectionOptions,
    onFree: (freed: AddressConnections) => void,
  ) {
    this.address = address;
    this.#upstream = upstream;
    this.#options = options;
    this.#onFree = onFree;
  }

  /**
   * A connection for one request, which the caller gives back, or `undefined` if all have one. `isFresh`: rather a new one
   * than one that may be dead.
   */
  tryTake(isFresh = false): UpstreamConnection | undefined {
    const mayGrow = this.#all.size < this.#options.maxConnections;
    const idle = isFresh && mayGrow ? undefined : this.#idle.pop();
    if (idle !== undefined || !mayGrow) return idle;
    const connection = new UpstreamConnection(this);
    this.#all.add(connection);
    return connection;
  }

  /** Connects for one of them, from one source address after the other while they have no port left. */
  connect(done: ConnectionDone): void {
    this.#connectFrom(this.#upstream.targetsInTurn(this.address), 0, done);
  }

  #connectFrom(targets: readonly DialTarget[], index: number, done: ConnectionDone): void {
    const target = targets[index]!;
    connectUpstream(target, this.#options.connectTimeoutMs, (error, socket, connection) => {
      const isPortless = error !== undefined && exhaustedLimitOf(error) === "ports";
      if (isPortless && index + 1 < targets.length) this.#connectFrom(targets, index + 1, done);
      else done(error, socket, connection);
    });
  }

  /** Takes `connection` back, whose request is over; to be used again if it `isFit`. */
  takeBack(connection: UpstreamConnection, isFit: boolean): void {
    if (isFit && connection.isOpen && !this.#isClosing) this.#idle.push(connection);
    else this.#drop(connection);
    this.#onFree(this);
  }

  /** Forgets `connection`, which has ended, unless it has a request, with which it comes back. */
  forget(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#drop(connection);
  }

  /** Closes those without a request now and the others when they come back. Resolves when none is left. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }

  /** Cuts them all; their requests are told an error. */
  async destroy(): Promise<void> {
    this.#isClosing = true;
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((connection) => connection.destroy()));
  }

  #drop(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    void connection.close();
  }
}
