/** What can be seen of a connection. */
export interface LiveConnection {
  /** Bytes that have come, the answers to PINGs among them. */
  readonly bytesRead: number;
  /** Bytes of DATA that have left. A PING that has left is no sign of life. */
  readonly dataBytesSent: number;
  ping(): void;
}

/** How many looks at a connection on which nothing moves, until it is asked; radio networks pause for long. */
const SilentLooks = 6;

/** Finds a connection that is dead: nothing has moved for long, and a PING is not answered for as long again. */
export class H2Liveness {
  readonly #connection: LiveConnection;
  readonly #onDead: () => void;
  readonly #looks: NodeJS.Timeout;
  #movedBytes = 0;
  #silentLooks = 0;

  /** @param lookMs - how often to look. */
  constructor(connection: LiveConnection, lookMs: number, onDead: () => void) {
    this.#connection = connection;
    this.#onDead = onDead;
    this.#looks = setInterval(() => this.#look(), lookMs);
  }

  stop(): void {
    clearInterval(this.#looks);
  }

  #look(): void {
    const { bytesRead, dataBytesSent } = this.#connection;
    const moved = bytesRead + dataBytesSent;
    this.#silentLooks = moved === this.#movedBytes ? this.#silentLooks + 1 : 0;
    this.#movedBytes = moved;
    if (this.#silentLooks === SilentLooks) this.#connection.ping();
    if (this.#silentLooks >= 2 * SilentLooks) this.#onDead();
  }
}
