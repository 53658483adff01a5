/** What all connections of a process may hold together. */
export const MaxUnreadBytes = 268_435_456;

/** Gives up the stream of a connection that holds most; `false` if none holds any. */
export type GiveUpWorst = () => boolean;

/**
 * What clients have sent over HTTP/2 and nobody has read. The windows of streams alone would bound it at a size that no process
 * has, so there is a bound for each connection, and one for all: over it, whoever holds most is given up.
 */
export class UnreadBytes {
  /** Told of each stream that is given up. */
  onGivenUp: (() => void) | undefined;
  readonly #maxBytes: number;
  readonly #holders = new Set<ConnectionUnread>();
  #bytes = 0;

  constructor(maxBytes = MaxUnreadBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The part of a new connection. */
  of(maxBytes: number, giveUpWorst: GiveUpWorst): ConnectionUnread {
    return new ConnectionUnread(this, maxBytes, giveUpWorst);
  }

  /** `holder` holds `bytes` more, or less. */
  change(holder: ConnectionUnread, bytes: number): void {
    this.#bytes += bytes;
    if (holder.bytes > 0) this.#holders.add(holder);
    else this.#holders.delete(holder);
    while (this.#bytes > this.#maxBytes && this.#worst()?.giveUp() === true);
  }

  #worst(): ConnectionUnread | undefined {
    let worst: ConnectionUnread | undefined;
    for (const holder of this.#holders) if (holder.bytes > (worst?.bytes ?? 0)) worst = holder;
    return worst;
  }
}

/** What the streams of one connection hold unread. */
export class ConnectionUnread {
  readonly #all: UnreadBytes;
  readonly #maxBytes: number;
  readonly #giveUpWorst: GiveUpWorst;
  #bytes = 0;

  constructor(all: UnreadBytes, maxBytes: number, giveUpWorst: GiveUpWorst) {
    this.#all = all;
    this.#maxBytes = maxBytes;
    this.#giveUpWorst = giveUpWorst;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A stream holds `bytes` more, or less: then nobody is given up. */
  change(bytes: number): void {
    this.#bytes += bytes;
    this.#all.change(this, bytes);
    while (this.#bytes > this.#maxBytes && this.giveUp());
  }

  /** Gives up the stream that holds most; `false` if none holds any. */
  giveUp(): boolean {
    if (!this.#giveUpWorst()) return false;
    this.#all.onGivenUp?.();
    return true;
  }
}
