/** What can be seen of a connection whose peer answers PINGs. */
export interface PingedConnection {
  /** Bytes received so far. */
  readonly bytesRead: number;
  /** Sends a PING; `onAnswer` is called when it was answered. */
  ping(onAnswer: () => void): void;
}

/**
 * Finds a peer that is gone: where nothing has come for `pingIntervalMs` it is asked for an answer, and where nothing at all
 * comes within `pongMs` behind that, there is nobody any more. Its timers do not keep the process alive.
 */
export class PingDeadline {
  readonly #connection: PingedConnection;
  readonly #pingIntervalMs: number;
  readonly #pongMs: number;
  readonly #onDead: () => void;
  #bytesRead = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param options - `pingIntervalMs` Infinity: it is never asked.
   * @param onDead - told once at most; by then no timer is left.
   */
  constructor(
    connection: PingedConnection,
    { pingIntervalMs, pongMs }: { readonly pingIntervalMs: number; readonly pongMs: number },
    onDead: () => void,
  ) {
    this.#connection = connection;
    this.#pingIntervalMs = pingIntervalMs;
    this.#pongMs = pongMs;
    this.#onDead = onDead;
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** From now on nothing may come for so long. */
  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#pingIntervalMs === Infinity) return;
    this.#timer = setTimeout(() => (this.#hasHeard() ? this.#wait() : this.#ask()), this.#pingIntervalMs).unref();
  }

  #ask(): void {
    this.#timer = setTimeout(() => (this.#hasHeard() ? this.#wait() : this.#die()), this.#pongMs).unref();
    this.#connection.ping(() => {
      this.#hasHeard();
      this.#wait();
    });
  }

  #die(): void {
    this.stop();
    this.#onDead();
  }

  /** Whether anything has come since it was asked last. */
  #hasHeard(): boolean {
    const { bytesRead } = this.#connection;
    const hasHeard = bytesRead !== this.#bytesRead;
    this.#bytesRead = bytesRead;
    return hasHeard;
  }
}
