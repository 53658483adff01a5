/** What can be seen of a connection whose peer answers PINGs. */
export interface PingedConnection {
  /** Bytes received so far. */
  readonly bytesRead: number;
  /** Sends a PING. */
  ping(): void;
}

/**
 * Finds a peer that is gone: where nothing has come for `pingIntervalMs` it is asked for an answer, and where nothing at all
 * comes within `pongMs` behind that, there is nobody any more. Its timers do not keep the process alive.
 */
export class PingDeadline {
  readonly #connection: PingedConnection;
  readonly #pingIntervalMs: number | undefined;
  readonly #pongMs: number;
  readonly #onDead: () => void;
  #bytesRead = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDead - told once at most; by then no timer is left. */
  constructor(
    connection: PingedConnection,
    { pingIntervalMs, pongMs }: { readonly pingIntervalMs: number | undefined; readonly pongMs: number },
    onDead: () => void,
  ) {
    this.#connection = connection;
    this.#pingIntervalMs = pingIntervalMs;
    this.#pongMs = pongMs;
    this.#onDead = onDead;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#pingIntervalMs === undefined) return;
    this.#timer = setTimeout(() => this.#look(), this.#pingIntervalMs).unref();
  }

  #look(): void {
    if (this.#hasHeard()) return this.#wait();
    this.#connection.ping();
    this.#timer = setTimeout(() => (this.#hasHeard() ? this.#wait() : this.#onDead()), this.#pongMs).unref();
  }

  /** Whether anything has come since it was asked last. */
  #hasHeard(): boolean {
    const { bytesRead } = this.#connection;
    const hasHeard = bytesRead !== this.#bytesRead;
    this.#bytesRead = bytesRead;
    return hasHeard;
  }
}
